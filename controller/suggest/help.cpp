#include "controller/suggest/suggest.hpp"

namespace sweepd::suggest {

std::string_view help_text() {
  return R"(usage: sweepd suggest

The search strategies alone, for other programs: one JSON object a line on standard input, one a
line on standard output, in order, until the input ends. No server, no files.

  {"op": "next_runs", "config": SWEEP, "runs": [RUN...], "n": 1, "seed": 0}
      -> {"runs": [{"config": {NAME: {"value": V}}, "search_info": {...}}, ...]}
      null as the last one: the search is exhausted. Suggestion k uses seed + k, or seeds[k] of an
      optional "seeds"; "options": {"randomize_order": true} shuffles a grid.
  {"op": "stop_runs", "config": SWEEP, "runs": [RUN...]}
      -> {"stop": [NAME...], "info": {"bands": [...], "thresholds": [...], "lines": [...]}}
  {"op": "validate", "config": SWEEP}
      -> {"violations": ["PATH: what is wrong", ...], "stricter": [...]}
      "stricter" lists what the server refuses beyond the sweep language.
  {"op": "fill_parameter", "name": NAME, "config": PARAMETER}
      -> {"kind_of": KIND or null, "config": PARAMETER with its defaults}
  {"op": "ppf", "param": PARAMETER, "x": [0.5, ...]}      -> {"y": [VALUE...]}
  {"op": "cdf", "param": PARAMETER, "x": [NUMBER...]}     -> {"y": [NUMBER...]}

SWEEP is the sweep file as JSON. RUN is {"name", "state", "config", "summary_metrics", "history",
"stopped"}; state and config are required. Doubles keep their point (2.0); NaN and the infinities
travel as "NaN", "Infinity", "-Infinity". Equal requests get equal answers.

What cannot be answered gets {"error": text, "kind": K, "where": path} with K one of ValueError,
ValidationError, TypeError, KeyError; the next line is read all the same.

Options
  -h, --help  show this page

Examples
  echo '{"op": "cdf", "param": {"min": 0.0, "max": 4.0}, "x": [1]}' | sweepd suggest
)";
}

}  // namespace sweepd::suggest
