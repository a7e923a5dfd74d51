#include "reduction/reduction.hpp"

#include <algorithm>

#include "expr/build.hpp"
#include "expr/print.hpp"

namespace keopsnb {
namespace {

using expr::Expr;

// Components of parameters whose gradients may share the pass of another index.
constexpr i64 few = 64;

const law::Law* law_of(const ReductionRow& row) {
  return *row.call ? law::find(row.call) : nullptr;
}

RoutineSpec with_kept(RoutineSpec spec, bool kept) {
  if (!kept) return spec;
  for (const ReductionRow& row : reduction_catalogue())
    if (row.name == spec.reduction)
      if (const law::Law* law = law_of(row)) spec.kept = law->keeps;
  return spec;
}

bool any(const std::vector<bool>& flags) { return std::ranges::find(flags, true) != flags.end(); }

}  // namespace

Reduction::Reduction(RoutineSpec spec, bool kept)
    : Routine(with_kept(std::move(spec), kept)), law_(own() ? nullptr : law_of(row())) {}

law::Subject Reduction::subject() const {
  return {*law_,
          program(),
          option(),
          results().ranks * results().dim,
          !spec().kept.empty(),
          result_category(spec().axis)};
}

bool Reduction::takes_rows() const {
  if (!takes_rows_)
    takes_rows_ =
        has_terms() && law::checked([&] { return law::Derivative(subject()).takes_rows(); });
  return *takes_rows_;
}

const Reduction& Reduction::kept() const {
  if (!kept_) kept_ = std::make_unique<Reduction>(spec(), true);
  return *kept_;
}

// A sum that is computed as this one is.
OwnReduction Reduction::derived(const law::Derivative& over, Expr formula, Axis axis) const {
  return std::make_unique<Reduction>(RoutineSpec{.formula = {.graph = std::move(formula)},
                                                 .aliases = law::aliases(over.variables()),
                                                 .axis = axis,
                                                 .compensated = spec().compensated,
                                                 .fast_math = spec().fast_math,
                                                 .rowwise = spec().rowwise,
                                                 .header = spec().header});
}

Gradients Reduction::sum_of(const std::vector<std::size_t>& positions, Axis axis) const {
  const law::Subject of = subject();
  law::Derivative over(of);
  const Expr e = over.add(of.columns_before(of.outputs()), of.category);
  Gradients found{nullptr, positions, {}, 0};
  std::vector<Expr> formulas;
  for (const std::size_t k : positions) {
    const parse::Variable& v = program().variables[k];
    found.dims.push_back(v.dim);
    if (v.category == Category::parameter && axis != Axis::both) found.of_parameters += v.dim;
    formulas.push_back(over.gradient(over.variable(k), e));
  }
  found.sum = derived(over, law::side_by_side(std::move(formulas)), axis);
  return found;
}

const std::vector<Gradients>& Reduction::gradients(const std::vector<bool>& needed,
                                                   bool joined) const {
  const std::pair which(needed, joined);
  if (const auto known = gradients_.find(which); known != gradients_.end()) return known->second;
  const std::vector<parse::Variable>& variables = program().variables;
  std::vector<std::size_t> of[3];
  i64 parameter_columns = 0;
  for (std::size_t k = 0; k < variables.size() && k < needed.size(); ++k) {
    if (!needed[k]) continue;
    const bool among_rows = spec().rowwise && variables[k].category == Category::j;
    of[among_rows ? 0 : static_cast<int>(variables[k].category)].push_back(k);
    if (variables[k].category == Category::parameter) parameter_columns += variables[k].dim;
  }
  auto& [rows, columns, parameters] = of;
  if (joined && !spec().rowwise && parameter_columns <= few &&
      (!rows.empty() || !columns.empty())) {
    std::vector<std::size_t>& other = rows.empty() ? columns : rows;
    other.insert(other.end(), parameters.begin(), parameters.end());
    parameters.clear();
  }
  std::vector<Gradients> found;
  // As many side by side as one formula holds.
  const auto add = [&](const std::vector<std::size_t>& positions, Axis axis) {
    std::vector<std::size_t> some;
    i64 dims = 0;
    const auto flush = [&] {
      if (!some.empty()) found.push_back(law::checked([&] { return sum_of(some, axis); }));
      some.clear();
      dims = 0;
    };
    for (const std::size_t k : positions) {
      if (dims + variables[k].dim > expr::max_dim) flush();
      some.push_back(k);
      dims += variables[k].dim;
    }
    flush();
  };
  add(rows, Axis::j);
  add(columns, Axis::i);
  add(parameters, Axis::both);
  return gradients_[which] = std::move(found);
}

const Reduction& Reduction::tangent(const std::vector<bool>& given) const {
  OwnReduction& found = tangents_[given];
  if (!found) found = law::checked([&] { return tangent_along(given); });
  return *found;
}

OwnReduction Reduction::tangent_along(const std::vector<bool>& given) const {
  const law::Subject of = subject();
  law::Derivative over(of);
  std::vector<Expr> directions;
  for (std::size_t k = 0; k < program().variables.size() && k < given.size(); ++k) {
    if (!given[k]) continue;
    const parse::Variable v = program().variables[k];
    directions.push_back(over.variable(k));
    directions.push_back(over.add(v.dim, v.category));
  }
  return derived(over, over.tangent(directions), spec().axis);
}

const Reduction& Reduction::picked() const {
  if (picked_) return *picked_;
  RoutineSpec with_indices = spec();
  std::string& name = with_indices.reduction;
  if (!results().indices) name += "_Arg" + name;
  picked_ = std::make_unique<Reduction>(std::move(with_indices));
  return *picked_;
}

const Reduction& Reduction::rowwise() const {
  if (!rowwise_)
    rowwise_ =
        std::make_unique<Reduction>(RoutineSpec{.formula = {.graph = program().formulas[0].graph},
                                                .aliases = law::aliases(program().variables),
                                                .axis = Axis::j,
                                                .fast_math = spec().fast_math,
                                                .rowwise = true,
                                                .header = spec().header});
  return *rowwise_;
}

const Reduction* Reduction::widened(std::size_t position, i64 dim) const {
  const auto [at, fresh] = widened_.try_emplace({position, dim});
  OwnReduction& made = at->second;
  if (!fresh) return made.get();
  std::vector<parse::Variable> variables = program().variables;
  const i64 own = variables.at(position).dim;
  RoutineSpec wider = spec();
  wider.formula = {.text = text()};
  for (const i64 d : {own + 1, own + 2, dim}) {
    variables[position].dim = d;
    wider.aliases = law::aliases(variables, !of_text());
    try {
      made = std::make_unique<Reduction>(wider);
    } catch (const std::exception&) {
      made = nullptr;  // it does not fit
    }
    if (made && made->out_dim() != d) made = nullptr;
    if (!made) break;
  }
  return made.get();
}

// m = Max(F), then Sum(Exp(F - m) * G).
const std::vector<OwnReduction>& Reduction::parts() const {
  if (!parts_.empty()) return parts_;
  std::vector<OwnReduction> all;
  const auto made = [&](const std::vector<parse::Variable>& variables, Expr formula,
                        const char* name, bool rowwise) {
    all.push_back(
        std::make_unique<Reduction>(RoutineSpec{.formula = {.graph = std::move(formula)},
                                                .aliases = law::aliases(variables),
                                                .reduction = name,
                                                .axis = rowwise ? Axis::j : spec().axis,
                                                .compensated = spec().compensated && !rowwise,
                                                .fast_math = spec().fast_math,
                                                .rowwise = rowwise || spec().rowwise,
                                                .header = spec().header}));
  };
  std::vector<parse::Variable> variables = program().variables;
  const Expr f = program().formulas[0].graph;
  const auto variable = [](std::size_t k, i64 dim, Category category) {
    return expr::variable({.number = static_cast<i64>(k), .dim = dim, .category = category});
  };
  const Expr m = variable(variables.size(), f->dim, result_category(spec().axis));
  const Expr sum = law::checked([&] {
    const Expr weights = expr::apply("Exp", {expr::apply("Subtract", {f, m})});
    return program().formulas.size() == 1
               ? weights
               : expr::apply("Mult", {weights, program().formulas[1].graph});
  });
  made(variables, f, "Max", false);
  variables.push_back({.name = "", .dim = f->dim, .category = result_category(spec().axis)});
  made(variables, sum, "Sum", false);
  const Expr both = law::checked([&] {
    return expr::apply("Concat",
                       {variable(0, f->dim, Category::i), variable(1, sum->dim, Category::i)});
  });
  made({{.name = "", .dim = f->dim}, {.name = "", .dim = sum->dim}}, both, "Sum", true);
  parts_ = std::move(all);
  return parts_;
}

std::vector<const Reduction*> Reduction::kernels(const std::vector<bool>& needed) const {
  std::vector<const Reduction*> all;
  const auto add = [&](const Reduction& one, const std::vector<bool>& then) {
    all.push_back(&one);
    const std::vector<const Reduction*> more = one.kernels(then);
    all.insert(all.end(), more.begin(), more.end());
  };
  const auto add_sums = [&](const std::vector<Gradients>& gradients) {
    for (const Gradients& some : gradients) all.push_back(some.sum.get());
  };
  if (!compiled()) {
    std::vector<bool> and_maximum = needed;
    and_maximum.push_back(any(needed));
    add(*parts()[0], needed);
    add(*parts()[1], and_maximum);
    add(*parts()[2], {any(needed), any(needed)});
  } else if (picks() && any(needed)) {
    all.push_back(&picked());
    add(rowwise(), needed);
  } else if (has_terms() && any(needed)) {
    if (keeps()) all.push_back(&kept());
    const std::vector<Gradients>& joined = gradients(needed, true);
    add_sums(joined);
    // With ranges, and in graphs.
    if (std::ranges::any_of(joined, [](const Gradients& some) { return some.of_parameters > 0; }))
      add_sums(gradients(needed, false));
    if (keeps()) add_sums(kept().gradients(needed, false));
  }
  return all;
}

}  // namespace keopsnb
