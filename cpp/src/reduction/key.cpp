// Reductions as text, from which equal ones are made.
#include "expr/print.hpp"
#include "reduction/reduction.hpp"

namespace keopsnb {
namespace {

// A list in JSON.
class List {
 public:
  List& add(const std::string& item) {
    text_ += (text_.empty() ? "" : ", ") + item;
    return *this;
  }
  List& add_text(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
      static constexpr char digits[] = "0123456789abcdef";
      if (c == '"' || c == '\\') quoted += '\\';
      if (static_cast<unsigned char>(c) < 0x20)
        quoted += std::string("\\u00") + digits[c >> 4] + digits[c & 15];
      else
        quoted += c;
    }
    return add(quoted + '"');
  }
  List& add_flag(bool flag) { return add(std::string(flag ? "true" : "false")); }
  std::string text() const { return "[" + text_ + "]"; }

 private:
  std::string text_;
};

}  // namespace

bool Reduction::of_text() const {
  return !spec().formula.graph && (!spec().weight || !spec().weight->graph);
}

std::string Reduction::text() const {
  return of_text() ? spec().formula.text : expr::text(program().formulas[0].graph);
}

std::vector<std::string> Reduction::aliases() const {
  return law::aliases(program().variables, !of_text());
}

std::string Reduction::key() const {
  List key, variables;
  // Without those that Grad adds.
  for (const std::string& alias : of_text() ? spec().aliases : aliases()) variables.add_text(alias);
  key.add_text(text()).add(variables.text()).add_text(spec().reduction);
  key.add(std::to_string(static_cast<int>(spec().axis)));
  if (program().formulas.size() == 1)
    key.add("null");
  else
    key.add_text(of_text() ? spec().weight->text : expr::text(program().formulas[1].graph));
  key.add(spec().option ? std::to_string(*spec().option) : "null");
  key.add_flag(spec().compensated).add_flag(spec().fast_math).add_flag(spec().rowwise);
  return key.add_text(spec().header).add_flag(!spec().kept.empty()).text();
}

}  // namespace keopsnb
