#include "kube/json_text.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tangram::kube {

std::optional<std::string> StringOf(simdjson::ondemand::value value) {
  simdjson::ondemand::json_type type{};
  if (value.type().get(type) || type != simdjson::ondemand::json_type::string) return std::nullopt;
  // The token reaches to the next structural character, blanks included.
  const std::string_view token = base::Trim(value.raw_json_token());
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') return std::nullopt;
  if (token.find('\\') == std::string_view::npos) {
    return std::string(token.substr(1, token.size() - 2));
  }
  const auto parsed = nlohmann::json::parse(token, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_string()) return std::nullopt;
  return parsed.get_ref<const std::string&>();
}

}  // namespace tangram::kube
