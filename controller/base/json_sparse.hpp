// json::write_sparse(T): write() without what is blank, for the documents that the store keeps by the million.
#pragma once

#include "controller/base/json_record.hpp"

namespace sweepd::json {

namespace detail {

/// False, 0, "", no element: what a member is before anything was put into it.
template <class T>
bool is_blank(const T& x) {
  if constexpr (is_strong_id<T>::value)
    return x.value.empty();
  else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || is_time<T>::value)
    return x == T{};
  else if constexpr (requires { x.empty(); })
    return x.empty();
  else
    return false;
}

}  // namespace detail

/// write() of a described struct without the members that are blank (false, 0, "", empty, the first
/// enumerator) and are so in a new T as well: for documents of our own, read back with has_defaults. The
/// default of a member that was blank must stay blank for as long as such documents exist.
template <class T>
bj::value write_sparse(const T& in) {
  if constexpr (!detail::described<T>) {
    return write(in);
  } else {
    static const T fresh{};
    bj::object out;
    boost::mp11::mp_for_each<bd::describe_members<T, bd::mod_any_access>>([&](auto d) {
      using member = std::remove_cv_t<std::remove_reference_t<decltype(in.*d.pointer)>>;
      if constexpr (detail::is_a<member, std::optional>::value) {
        if (in.*d.pointer) out[d.name] = write(*(in.*d.pointer));
      } else {
        if (detail::is_blank(in.*d.pointer) && detail::is_blank(fresh.*d.pointer)) return;
        out[d.name] = write(in.*d.pointer);
      }
    });
    return out;
  }
}

}  // namespace sweepd::json
