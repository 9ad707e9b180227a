// Holds answers against openapi.json: the part of JSON Schema that the document uses, no more.
#pragma once

#include <boost/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sweepd::test {

/// The document that the binary carries.
const boost::json::object& openapi_document();

/// The operation under a route's pattern, or nullptr.
const boost::json::object* operation(std::string_view method, std::string_view pattern);

/// What is wrong with `value` by `schema`: "/items/0/id: is missing". Empty: nothing.
std::vector<std::string> schema_problems(const boost::json::value& schema,
                                         const boost::json::value& value);

/// What is wrong with a whole answer: an undocumented status or content type, a body against its schema.
std::vector<std::string> answer_problems(std::string_view method, std::string_view pattern, int status,
                                         std::string_view content_type, const std::string& body);

}  // namespace sweepd::test
