#include "controller/wandb/manifest.hpp"

#include "controller/base/base64.hpp"
#include "controller/base/json_text.hpp"
#include "controller/http/file_name.hpp"
#include "controller/wandb/environment.hpp"

namespace sweepd::wandb {
namespace {

constexpr std::size_t md5_bytes = 16;

result<manifest_entry> entry_of(const bj::value& v, const std::string& where) {
  if (!v.is_object()) return fail(errc::invalid, "must be an object", where);
  manifest_entry out;
  out.all = v.get_object();
  out.digest = text_in(out.all, "digest");
  out.ref = text_in(out.all, "ref");
  const auto size = number_in(out.all, "size").value_or(0);
  if (size < 0) return fail(errc::invalid, "must not be negative", where + "/size");
  out.size = static_cast<std::uint64_t>(size);
  if (out.stored_here() && !hex_of_md5(out.digest))
    return fail(errc::invalid, "must be the base64 of an MD5", where + "/digest");
  return out;
}

}  // namespace

std::optional<std::string> hex_of_md5(std::string_view base64_text) {
  constexpr std::string_view hex = "0123456789abcdef";
  const auto bytes = unbase64(base64_text);
  if (!bytes || bytes->size() != md5_bytes) return std::nullopt;
  std::string out;
  for (const char c : *bytes) {
    const auto b = static_cast<unsigned char>(c);
    out += hex[b >> 4];
    out += hex[b & 15];
  }
  return out;
}

result<manifest> manifest::parse(std::string_view text) {
  const auto whole = json::parse(text);
  if (!whole) return fail(errc::invalid, "the manifest is not JSON: " + whole.error().message);
  if (!whole->is_object()) return fail(errc::invalid, "the manifest is not a JSON object");
  manifest out;
  out.head_ = whole->get_object();
  if (number_in(out.head_, "version") != 1) return fail(errc::invalid, "only version 1 is known", "/version");
  const auto* contents = out.head_.if_contains("contents");
  if (contents == nullptr || !contents->is_object())
    return fail(errc::invalid, "must be an object", "/contents");
  for (const auto& [path, v] : contents->get_object()) {
    const auto where = "/contents/" + std::string(path);
    if (auto good = http::check_file_name(path, where); !good) return tl::unexpected<error>(good.error());
    SWEEPD_TRY(auto one, entry_of(v, where));
    out.entries_.emplace(path, std::move(one));
  }
  out.head_.erase("contents");
  return out;
}

void manifest::overlay(manifest more) {
  if (head_.empty()) head_ = std::move(more.head_);
  for (auto& [path, one] : more.entries_) entries_.insert_or_assign(path, std::move(one));
}

std::string manifest::print() const {
  auto whole = head_;
  bj::object contents;
  for (const auto& [path, one] : entries_) contents[path] = one.all;
  whole["contents"] = std::move(contents);
  return json::to_text(whole);
}

std::uint64_t manifest::bytes() const {
  std::uint64_t n = 0;
  for (const auto& [path, one] : entries_) n += one.size;
  return n;
}

}  // namespace sweepd::wandb
