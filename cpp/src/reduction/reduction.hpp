// A reduction and the reductions that its derivatives are: the laws made work.
//
// For a gradient e of the result a, with <.,.> the inner product,
//
//   a_i = Sum_j F               <e, da> = Sum_ij <Grad(F, v, e_i), dv>
//   a_i = log Sum_j exp(F) G    the same, with exp(F - a_i) G in place of F and a_i held fixed
//
// so the gradient in v is a Sum of another formula: over j for an i-variable, over i for a
// j-variable, over both for a parameter. Read the other way, along tangents u,
//
//   da_i = Sum_j Diff(F, v, u)
//
// is one Sum over the index of the reduction itself. These sums take the arguments of the
// reduction; then, where its law reads them, the rows that it gave; then e, or the tangents.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launch/routine.hpp"
#include "reduction/derivative.hpp"

namespace keopsnb {

class Reduction;
using OwnReduction = std::unique_ptr<const Reduction>;

// The gradients in some variables, side by side in the columns of one Sum.
struct Gradients {
  OwnReduction sum;
  std::vector<std::size_t> positions;  // of the variables
  std::vector<i64> dims;
  i64 of_parameters;  // columns, the last ones, that are still to be summed over the rows
};

class Reduction : public Routine {
 public:
  // `kept`: with what its derivatives take behind the result. Throws as Routine does.
  explicit Reduction(RoutineSpec spec, bool kept = false);

  const std::string& name() const { return spec().reduction; }
  bool is_rowwise() const { return spec().rowwise; }
  bool is_compensated() const { return spec().compensated; }
  std::optional<i64> given_option() const { return spec().option; }

  // Whether it is a kernel; if not, it is made of others.
  bool compiled() const { return *row().call != '\0'; }
  bool differentiable() const { return law_ || !compiled(); }
  // Whether results are terms that are picked, whose derivatives are those of the formula there.
  bool picks() const { return law_ && law_->picks; }
  // Whether its derivatives are sums, and these take more than the arguments.
  bool has_terms() const { return law_ && !law_->picks; }
  bool takes_rows() const;
  // Whether its derivatives take what `kept` gives and it does not.
  bool keeps() const { return law_ && !law_->keeps.empty() && spec().kept.empty(); }

  // The same with what its derivatives take behind the result: the gradients and tangents of this
  // are those of all of its columns.
  const Reduction& kept() const;
  // The sums that give the gradients in the variables that need one. Gradients over the same index
  // come from one; if `joined`, those in few parameters join another index, which saves a pass over
  // the pairs.
  const std::vector<Gradients>& gradients(const std::vector<bool>& needed, bool joined) const;
  // The sum that gives the derivative along tangents of these variables.
  const Reduction& tangent(const std::vector<bool>& given) const;

  // Of a reduction that picks terms, its values and their indices.
  const Reduction& picked() const;
  // The formula at rows of all variables that belong together.
  const Reduction& rowwise() const;
  // The same with another dimension of a variable; null where the formula is not a kernel of
  // dimension 1 times that variable, which goes with any.
  const Reduction* widened(std::size_t position, i64 dim) const;
  // Of one that is made of others: the maximum; the sum, which takes that too; both side by side.
  const std::vector<OwnReduction>& parts() const;

  // The reductions compiled for its derivatives in the variables that need them, besides itself.
  std::vector<const Reduction*> kernels(const std::vector<bool>& needed) const;

  // Its formula as text, and the variables of that, as "x = Vi(3)".
  std::string text() const;
  std::vector<std::string> aliases() const;
  // All that it is made of, as a list in JSON.
  std::string key() const;

 private:
  bool of_text() const;
  law::Subject subject() const;
  OwnReduction derived(const law::Derivative& over, expr::Expr formula, Axis axis) const;
  OwnReduction tangent_along(const std::vector<bool>& given) const;
  Gradients sum_of(const std::vector<std::size_t>& positions, Axis axis) const;

  const law::Law* law_;
  mutable std::optional<bool> takes_rows_;
  // Made where they are asked for, and kept.
  mutable OwnReduction kept_, picked_, rowwise_;
  mutable std::vector<OwnReduction> parts_;
  mutable std::map<std::pair<std::vector<bool>, bool>, std::vector<Gradients>> gradients_;
  mutable std::map<std::vector<bool>, OwnReduction> tangents_;
  mutable std::map<std::pair<std::size_t, i64>, OwnReduction> widened_;
};

}  // namespace keopsnb
