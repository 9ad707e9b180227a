// Hides secrets in what is shown. A value whose name contains key, token, secret, password (or an
// obvious spelling of these) is shown as "***" in every view; an agent gets the real
// command when it joins and the real configuration with a claim.
//
// Under *key* and *token* only texts are hidden: max_tokens: 512 or key_dim: 64 are hyperparameters,
// and "tokenizer" is one too. Under *secret* and *password* everything is.
#pragma once

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace sweepd::rest {

inline constexpr std::string_view masked_text = "***";

/// Does this name announce a secret?
bool secret_name(std::string_view name);

/// Every value below a secret name, at any depth; and the words of lists, as masked_word() does.
boost::json::value masked(const boost::json::value& in);
boost::json::object masked(const boost::json::object& in);

/// JSON text in, JSON value out; text that is no JSON is shown as a text.
boost::json::value masked_json(std::string_view text);

/// A command-line word: "--api-key=abc" -> "--api-key=***", "TOKEN=abc" -> "TOKEN=***".
std::string masked_word(std::string_view word);

/// A YAML text with the values of secret names hidden, line by line, erring on the side of hiding.
std::string masked_yaml(std::string_view yaml);

}  // namespace sweepd::rest
