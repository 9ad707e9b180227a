// result<T>: a value or an error. The same shape as C++23's std::expected.
#pragma once

#include "controller/base/error.hpp"

#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace sweepd {

template <class T>
using result = tl::expected<T, error>;

/// `return fail(errc::invalid, "lr: min must be below max", "sweep.yaml:7:9");`
[[nodiscard]] inline tl::unexpected<error> fail(errc code, std::string message,
                                                std::string where = {}) {
  return tl::unexpected<error>(error{code, std::move(message), std::move(where)});
}

}  // namespace sweepd

#define SWEEPD_CAT_(a, b) a##b
#define SWEEPD_CAT(a, b) SWEEPD_CAT_(a, b)
#define SWEEPD_TRY_(ret, tmp, decl, expr)                           \
  auto tmp = (expr);                                                \
  if (!tmp) ret ::tl::unexpected<::sweepd::error>(std::move(tmp).error()); \
  decl = std::move(*tmp)

/// `SWEEPD_TRY(auto x, f());` : x is the value, or the error is returned from this function.
#define SWEEPD_TRY(decl, expr) SWEEPD_TRY_(return, SWEEPD_CAT(try_, __LINE__), decl, expr)
/// The same inside a coroutine.
#define SWEEPD_CO_TRY(decl, expr) SWEEPD_TRY_(co_return, SWEEPD_CAT(try_, __LINE__), decl, expr)
