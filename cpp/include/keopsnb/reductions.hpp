// All reductions.
#pragma once
#include <keopsnb/reductions/count.hpp>
#include <keopsnb/reductions/extremum.hpp>
#include <keopsnb/reductions/kept.hpp>
#include <keopsnb/reductions/logical.hpp>
#include <keopsnb/reductions/logsumexp.hpp>
#include <keopsnb/reductions/mean.hpp>
#include <keopsnb/reductions/norm.hpp>
#include <keopsnb/reductions/product.hpp>
#include <keopsnb/reductions/sum.hpp>
#include <keopsnb/reductions/topk.hpp>
#include <keopsnb/reductions/variance.hpp>
