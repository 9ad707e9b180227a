// The grammar follows the GraphQL specification, October 2021, appendix B. Rules that leave a node in
// PEGTL's parse tree are listed in `keep`; the functions below turn those nodes into the AST.
#include "controller/wandb/graphql_grammar.hpp"

#include <tao/pegtl.hpp>
#include <tao/pegtl/contrib/limit_depth.hpp>
#include <tao/pegtl/contrib/parse_tree.hpp>

namespace sweepd::wandb::graphql {
namespace {

namespace g {
using namespace tao::pegtl;

struct comment : seq<one<'#'>, until<at<eolf>>> {};
struct ignored : star<sor<one<' ', '\t', '\r', '\n', ','>, comment, utf8::one<0xFEFF>>> {};
template <class R>
struct tok : seq<R, ignored> {};
template <char C>
struct p : tok<one<C>> {};
template <char... C>
struct word : seq<string<C...>, not_at<identifier_other>, ignored> {};

struct k_on : word<'o', 'n'> {};
struct k_fragment : word<'f', 'r', 'a', 'g', 'm', 'e', 'n', 't'> {};

struct name : identifier {};
struct alias : identifier {};
struct variable_name : identifier {};
struct type_name : identifier {};

// Values
struct digits : plus<digit> {};
struct whole : seq<opt<one<'-'>>, sor<seq<one<'0'>, not_at<digit>>, seq<range<'1', '9'>, star<digit>>>> {};
struct exponent : seq<one<'e', 'E'>, opt<one<'+', '-'>>, digits> {};
struct real : seq<whole, sor<seq<one<'.'>, digits, opt<exponent>>, exponent>, not_at<identifier_other>> {};
struct integer : seq<whole, not_at<sor<identifier_other, one<'.'>>>> {};
struct escaped : seq<one<'\\'>, sor<one<'"', '\\', '/', 'b', 'f', 'n', 'r', 't'>,
                                    seq<one<'u'>, rep<4, xdigit>>>> {};
struct text_body : star<sor<escaped, seq<not_one<'"', '\\', '\n', '\r'>>>> {};
struct text : seq<one<'"'>, text_body, one<'"'>> {};
struct quotes : string<'"', '"', '"'> {};
struct block_body : star<sor<string<'\\', '"', '"', '"'>, seq<not_at<quotes>, any>>> {};
struct block : seq<quotes, block_body, quotes> {};
struct value;
struct used_variable : seq<one<'$'>, identifier> {};
struct word_value : identifier {};
struct member : seq<tok<name>, p<':'>, must<value>> {};
struct list : seq<p<'['>, star<value>, must<one<']'>>> {};
struct object : seq<p<'{'>, star<member>, must<one<'}'>>> {};
struct value : tok<sor<used_variable, real, integer, block, text, word_value, list, object>> {};

// Types
struct type;
struct list_type : seq<p<'['>, must<type, one<']'>>> {};
struct required : one<'!'> {};
struct type : seq<tok<sor<list_type, type_name>>, opt<tok<required>>> {};

// Documents
struct argument_ : seq<tok<name>, p<':'>, must<value>> {};
struct arguments : seq<p<'('>, must<plus<argument_>, p<')'>>> {};
struct directive_ : seq<one<'@'>, must<tok<name>>, opt<arguments>> {};
struct directives : star<directive_> {};
struct selection_;
struct selections : seq<p<'{'>, must<plus<selection_>, p<'}'>>> {};
struct field : seq<opt<seq<tok<alias>, p<':'>>>, tok<name>, opt<arguments>, directives, opt<selections>> {};
struct typed_inline : seq<k_on, must<tok<type_name>, directives, selections>> {};
struct plain_inline : seq<directives, selections> {};
struct spread : seq<tok<name>, directives> {};
struct dots : seq<tok<string<'.', '.', '.'>>, must<sor<typed_inline, plain_inline, spread>>> {};
struct selection_ : sor<dots, field> {};

struct default_value : seq<p<'='>, must<value>> {};
struct variable_ : seq<one<'$'>, must<tok<variable_name>, p<':'>, type>, opt<default_value>, directives> {};
struct variables : seq<p<'('>, must<plus<variable_>, p<')'>>> {};
struct operation_kind : sor<string<'q', 'u', 'e', 'r', 'y'>, string<'m', 'u', 't', 'a', 't', 'i', 'o', 'n'>,
                            string<'s', 'u', 'b', 's', 'c', 'r', 'i', 'p', 't', 'i', 'o', 'n'>> {};
struct named_operation : seq<operation_kind, not_at<identifier_other>, ignored, opt<tok<name>>, opt<variables>,
                             directives, must<selections>> {};
struct short_operation : seq<selections> {};
struct fragment_ : seq<k_fragment, must<not_at<k_on>, tok<name>, k_on, tok<type_name>, directives, selections>> {};
struct file : must<ignored, plus<sor<fragment_, named_operation, short_operation>>, eof> {};

// Schemas
struct description : tok<sor<block, text>> {};
struct input_ : seq<opt<description>, tok<name>, p<':'>, must<type>, opt<default_value>> {};
struct inputs : seq<p<'('>, must<plus<input_>, p<')'>>> {};
struct schema_field : seq<opt<description>, tok<name>, opt<inputs>, p<':'>, must<type>> {};
struct schema_fields : seq<p<'{'>, must<plus<schema_field>, p<'}'>>> {};
struct implemented : identifier {};
struct interfaces : seq<word<'i', 'm', 'p', 'l', 'e', 'm', 'e', 'n', 't', 's'>,
                        plus<seq<opt<p<'&'>>, not_at<one<'{'>>, tok<implemented>>>> {};
struct choice : identifier {};
struct scalar_type : seq<word<'s', 'c', 'a', 'l', 'a', 'r'>, must<tok<name>>> {};
struct object_type : seq<word<'t', 'y', 'p', 'e'>, must<tok<name>, opt<interfaces>, schema_fields>> {};
struct interface_type : seq<word<'i', 'n', 't', 'e', 'r', 'f', 'a', 'c', 'e'>, must<tok<name>, schema_fields>> {};
struct union_type : seq<word<'u', 'n', 'i', 'o', 'n'>,
                        must<tok<name>, p<'='>, seq<opt<p<'|'>>, tok<choice>, star<seq<p<'|'>, tok<choice>>>>>> {};
struct enum_type : seq<word<'e', 'n', 'u', 'm'>,
                       must<tok<name>, p<'{'>, plus<seq<opt<description>, tok<choice>>>, p<'}'>>> {};
struct input_type : seq<word<'i', 'n', 'p', 'u', 't'>, must<tok<name>, p<'{'>, plus<input_>, p<'}'>>> {};
struct schema_type : seq<opt<description>, sor<scalar_type, object_type, interface_type, union_type, enum_type,
                                               input_type>> {};
struct schema_file : must<ignored, plus<schema_type>, eof> {};

template <class Rule>
using keep = parse_tree::selector<
    Rule,
    parse_tree::store_content::on<alias, name, variable_name, type_name, real, integer, text_body, block_body,
                                  used_variable, word_value, operation_kind, implemented, choice>,
    parse_tree::remove_content::on<member, list, object, list_type, required, type, argument_, directive_, field,
                                   typed_inline, plain_inline, spread, selections, default_value, variable_,
                                   named_operation, short_operation, fragment_, description, input_, schema_field,
                                   scalar_type, object_type, interface_type, union_type, enum_type, input_type,
                                   schema_type>>;

template <class Rule>
struct depth : nothing<Rule> {};
template <>
struct depth<value> : limit_depth<syntax_depth_max> {};
template <>
struct depth<selections> : limit_depth<syntax_depth_max> {};
template <>
struct depth<type> : limit_depth<syntax_depth_max> {};
}  // namespace g

using node = tao::pegtl::parse_tree::node;

place at(const node& n) { return {n.begin().line, n.begin().column}; }

template <class Rule>
const node* child(const node& n) {
  for (const auto& c : n.children)
    if (c->is_type<Rule>()) return c.get();
  return nullptr;
}

template <class Rule>
std::string text_of(const node& n) {
  const auto* c = child<Rule>(n);
  return c == nullptr ? std::string() : c->string();
}

void add_utf8(std::string& to, unsigned c) {
  const auto byte = [&](unsigned b) { to += static_cast<char>(b); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6)), byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3F)), byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  }
}

/// Escapes as in JSON; a surrogate without its partner becomes U+FFFD.
std::string unescaped(std::string_view raw) {
  std::string out;
  const auto hex = [&](std::size_t from) {
    return static_cast<unsigned>(std::stoul(std::string(raw.substr(from, 4)), nullptr, 16));
  };
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      out += raw[i];
      continue;
    }
    const char c = raw[++i];
    constexpr std::string_view from = "bfnrt", to = "\b\f\n\r\t";
    if (const auto k = from.find(c); k != std::string_view::npos) {
      out += to[k];
    } else if (c != 'u') {
      out += c;
    } else {
      unsigned code = hex(i + 1);
      i += 4;
      const bool high = code >= 0xD800 && code < 0xDC00;
      if (high && raw.substr(i + 1, 2) == "\\u" && hex(i + 3) >= 0xDC00 && hex(i + 3) < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (hex(i + 3) - 0xDC00);
        i += 6;
      } else if (code >= 0xD800 && code < 0xE000) {
        code = 0xFFFD;
      }
      add_utf8(out, code);
    }
  }
  return out;
}

/// Block strings keep their lines; the common indentation is of no use to anyone here.
std::string block_text(std::string_view raw) {
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw.substr(i, 4) == "\\\"\"\"") {
      out += "\"\"\"";
      i += 3;
    } else {
      out += raw[i];
    }
  }
  return out;
}

literal literal_of(const node& n) {
  literal out;
  out.at = at(n);
  using kind = literal::kind;
  if (n.is_type<g::used_variable>()) {
    out.is = kind::variable;
    out.text = n.string().substr(1);
  } else if (n.is_type<g::real>() || n.is_type<g::integer>()) {
    out.is = n.is_type<g::real>() ? kind::real : kind::integer;
    out.text = n.string();
  } else if (n.is_type<g::text_body>() || n.is_type<g::block_body>()) {
    out.is = kind::text;
    out.text = n.is_type<g::block_body>() ? block_text(n.string_view()) : unescaped(n.string_view());
  } else if (n.is_type<g::word_value>()) {
    out.text = n.string();
    out.is = out.text == "null"                            ? kind::null
             : out.text == "true" || out.text == "false" ? kind::boolean
                                                           : kind::name;
  } else if (n.is_type<g::list>()) {
    out.is = kind::list;
    for (const auto& c : n.children) out.items.push_back(literal_of(*c));
  } else {
    out.is = kind::object;
    for (const auto& c : n.children)
      out.members.emplace_back(text_of<g::name>(*c), literal_of(*c->children.back()));
  }
  return out;
}

type_ref type_of(const node& n) {  // a g::type
  type_ref out;
  out.required = child<g::required>(n) != nullptr;
  if (const auto* list = child<g::list_type>(n))
    out.of.push_back(type_of(*list->children.front()));
  else
    out.name = text_of<g::type_name>(n);
  return out;
}

std::optional<literal> default_of(const node& n) {
  const auto* c = child<g::default_value>(n);
  if (c == nullptr) return std::nullopt;
  return literal_of(*c->children.front());
}

std::vector<argument> arguments_of(const node& n) {
  std::vector<argument> out;
  for (const auto& c : n.children)
    if (c->is_type<g::argument_>())
      out.push_back({text_of<g::name>(*c), literal_of(*c->children.back()), at(*c)});
  return out;
}

std::vector<directive> directives_of(const node& n) {
  std::vector<directive> out;
  for (const auto& c : n.children)
    if (c->is_type<g::directive_>()) out.push_back({text_of<g::name>(*c), arguments_of(*c), at(*c)});
  return out;
}

std::vector<selection> selections_of(const node& n) {  // of a node that may hold g::selections
  std::vector<selection> out;
  const auto* set = child<g::selections>(n);
  if (set == nullptr) return out;
  for (const auto& c : set->children) {
    selection s;
    s.at = at(*c);
    s.directives = directives_of(*c);
    s.name = text_of<g::name>(*c);
    s.on = text_of<g::type_name>(*c);
    if (c->is_type<g::field>()) {
      s.alias = text_of<g::alias>(*c);
      if (s.alias.empty()) s.alias = s.name;
      s.arguments = arguments_of(*c);
    } else {
      s.is = c->is_type<g::spread>() ? selection::kind::spread : selection::kind::inline_fragment;
    }
    s.selections = selections_of(*c);
    out.push_back(std::move(s));
  }
  return out;
}

operation operation_of(const node& n) {
  operation out;
  out.at = at(n);
  if (n.is_type<g::named_operation>()) out.kind = text_of<g::operation_kind>(n);
  out.name = text_of<g::name>(n);
  for (const auto& c : n.children)
    if (c->is_type<g::variable_>())
      out.variables.push_back(
          {text_of<g::variable_name>(*c), type_of(*child<g::type>(*c)), default_of(*c), at(*c)});
  out.directives = directives_of(n);
  out.selections = selections_of(n);
  return out;
}

std::string description_of(const node& n) {
  const auto* c = child<g::description>(n);
  return c == nullptr ? std::string() : literal_of(*c->children.front()).text;
}

std::vector<input_def> inputs_of(const node& n) {
  std::vector<input_def> out;
  for (const auto& c : n.children)
    if (c->is_type<g::input_>())
      out.push_back({text_of<g::name>(*c), description_of(*c), type_of(*child<g::type>(*c)), default_of(*c)});
  return out;
}

type_def type_def_of(const node& n) {  // a g::schema_type
  type_def out;
  out.description = description_of(n);
  const node& t = *n.children.back();
  using kind = type_def::kind;
  out.is = t.is_type<g::scalar_type>()      ? kind::scalar
           : t.is_type<g::object_type>()    ? kind::object
           : t.is_type<g::interface_type>() ? kind::interface_
           : t.is_type<g::union_type>()     ? kind::union_
           : t.is_type<g::enum_type>()      ? kind::enum_
                                            : kind::input;
  out.name = text_of<g::name>(t);
  out.inputs = inputs_of(t);
  for (const auto& c : t.children) {
    if (c->is_type<g::implemented>()) out.interfaces.push_back(c->string());
    if (c->is_type<g::choice>()) out.members.push_back(c->string());
    if (c->is_type<g::schema_field>())
      out.fields.push_back(
          {text_of<g::name>(*c), description_of(*c), inputs_of(*c), type_of(*child<g::type>(*c))});
  }
  return out;
}

/// The parse tree; its nodes point into `in`, which must live as long.
template <class Rule>
result<std::unique_ptr<node>> tree_of(tao::pegtl::memory_input<>& in, std::string_view text) {
  try {
    return tao::pegtl::parse_tree::parse<Rule, g::keep, g::depth>(in);
  } catch (const tao::pegtl::parse_error& e) {
    const auto& pos = e.positions().front();
    const auto where = std::to_string(pos.line) + ":" + std::to_string(pos.column);
    const bool deep = std::string_view(e.what()).find("nesting depth") != std::string_view::npos;
    std::string found = "the end of the text";
    if (pos.byte < text.size()) {
      const auto c = static_cast<unsigned char>(text[pos.byte]);
      found = c > ' ' && c < 0x7F ? "'" + std::string(1, text[pos.byte]) + "'" : "byte " + std::to_string(c);
    }
    return fail(errc::invalid,
                "syntax error at " + where + ": " +
                    (deep ? "nested deeper than " + std::to_string(syntax_depth_max) : "unexpected " + found),
                where);
  }
}

}  // namespace

std::string to_string(const type_ref& t) {
  return (t.is_list() ? "[" + to_string(t.of.front()) + "]" : t.name) + (t.required ? "!" : "");
}

result<document> parse_document(std::string_view text) {
  tao::pegtl::memory_input<> in(text.data(), text.size(), "");
  SWEEPD_TRY(const auto root, tree_of<g::file>(in, text));
  document out;
  for (const auto& c : root->children) {
    if (c->is_type<g::fragment_>())
      out.fragments.push_back({text_of<g::name>(*c), text_of<g::type_name>(*c), directives_of(*c),
                               selections_of(*c), at(*c)});
    else
      out.operations.push_back(operation_of(*c));
  }
  return out;
}

result<std::vector<type_def>> parse_schema(std::string_view text) {
  tao::pegtl::memory_input<> in(text.data(), text.size(), "");
  SWEEPD_TRY(const auto root, tree_of<g::schema_file>(in, text));
  std::vector<type_def> out;
  for (const auto& c : root->children) out.push_back(type_def_of(*c));
  return out;
}

}  // namespace sweepd::wandb::graphql
