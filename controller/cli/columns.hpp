// Choosing columns for a format; shared by the list and row printers and by export.
#pragma once

#include "controller/cli/output.hpp"

namespace sweepd::cli {

/// The columns that a format and --columns ask for. Errors: invalid, naming those there are.
result<std::vector<column>> chosen_columns(const look& how, const std::vector<column>& all);

}  // namespace sweepd::cli
