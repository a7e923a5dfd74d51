# The headers, a CMake package, a file for pkg-config and the license. Folders are those of
# GNUInstallDirs where a project has set them. The module itself is not included: it asks for a
# compiler, to name folders of libraries, and sets the variables of a project around this one.
include(CMakePackageConfigHelpers)
set(keopsnb_includedir include)
set(keopsnb_datadir share)
foreach(kind includedir datadir)
  string(TOUPPER CMAKE_INSTALL_${kind} chosen)
  if(${chosen})
    set(keopsnb_${kind} ${${chosen}})
  endif()
endforeach()
set(keopsnb_cmakedir ${keopsnb_datadir}/cmake/keopsnb)
set(keopsnb_pcdir ${keopsnb_datadir}/pkgconfig)

target_include_directories(keopsnb_headers INTERFACE $<INSTALL_INTERFACE:${keopsnb_includedir}>)
install(
  DIRECTORY ${PROJECT_SOURCE_DIR}/cpp/include/keopsnb
  DESTINATION ${keopsnb_includedir}
  COMPONENT headers)
install(TARGETS keopsnb_headers EXPORT keopsnb-targets COMPONENT headers)
install(
  EXPORT keopsnb-targets
  NAMESPACE keopsnb::
  DESTINATION ${keopsnb_cmakedir}
  COMPONENT headers)
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/keopsnb-config.cmake.in
  ${PROJECT_BINARY_DIR}/keopsnb-config.cmake INSTALL_DESTINATION ${keopsnb_cmakedir})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/keopsnb-config-version.cmake
  VERSION ${PROJECT_VERSION}
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(
  FILES ${PROJECT_BINARY_DIR}/keopsnb-config.cmake
        ${PROJECT_BINARY_DIR}/keopsnb-config-version.cmake
  DESTINATION ${keopsnb_cmakedir}
  COMPONENT headers)

# Where the file of pkg-config lies says where the headers are, so that the tree may be moved.
if(IS_ABSOLUTE "${keopsnb_includedir}" OR IS_ABSOLUTE "${keopsnb_pcdir}")
  set(keopsnb_pc_prefix ${CMAKE_INSTALL_PREFIX})
  get_filename_component(keopsnb_pc_includedir "${keopsnb_includedir}" ABSOLUTE
                         BASE_DIR ${CMAKE_INSTALL_PREFIX})
else()
  file(RELATIVE_PATH up /${keopsnb_pcdir} /)
  string(REGEX REPLACE "/$" "" up "${up}")
  set(keopsnb_pc_prefix \${pcfiledir}/${up})
  set(keopsnb_pc_includedir \${prefix}/${keopsnb_includedir})
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/keopsnb.pc.in ${PROJECT_BINARY_DIR}/keopsnb.pc @ONLY)
install(
  FILES ${PROJECT_BINARY_DIR}/keopsnb.pc
  DESTINATION ${keopsnb_pcdir}
  COMPONENT headers)
install(
  FILES ${PROJECT_SOURCE_DIR}/LICENSE
  DESTINATION ${keopsnb_datadir}/licenses/keopsnb
  COMPONENT headers)
