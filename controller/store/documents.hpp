// Rows as JSON documents: core's structs to text and back, exactly.
//
// A state that comes back different, or not at all, is not durable: numbers are exact (base/json_text),
// and a log tail that was cut within a UTF-8 character is read as the bytes it is. Thread rule: a
// doc_reader belongs to one thread; the writers are free functions.
#pragma once

#include "controller/core/store.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace sweepd::store {

std::string doc_of(const core::sweep& s);  ///< without its spec, which is a document of its own
std::string doc_of(const core::sweep_spec& s);
std::string doc_of(const core::trial& t);
std::string doc_of(const core::run& r);    ///< without its log tail, which is a column of its own
std::string doc_of(const core::agent& a);
std::string doc_of(const core::api_key& k);
std::string doc_of(const core::artifact& a);
std::string doc_of(const core::webhook& w);
std::string doc_of(const core::actor& a);
std::string doc_of(const core::event& e);

/// Reads what doc_of wrote. Keeps its buffers from one document to the next.
/// Errors: internal, with what is wrong with the document.
class doc_reader {
 public:
  doc_reader();
  ~doc_reader();
  doc_reader(const doc_reader&) = delete;
  doc_reader& operator=(const doc_reader&) = delete;

  result<void> read(std::string_view doc, core::sweep& out);
  result<void> read(std::string_view doc, core::sweep_spec& out);
  result<void> read(std::string_view doc, core::trial& out);
  result<void> read(std::string_view doc, core::run& out);
  result<void> read(std::string_view doc, core::agent& out);
  result<void> read(std::string_view doc, core::api_key& out);
  result<void> read(std::string_view doc, core::artifact& out);
  result<void> read(std::string_view doc, core::webhook& out);
  result<void> read(std::string_view doc, core::event& out);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace sweepd::store
