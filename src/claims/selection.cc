#include "claims/selection.h"

#include <fmt/format.h>

#include "base/text.h"

namespace tangram::claims {
namespace {

cel::AttributeValue ValueOf(const cluster::DeviceAttribute& attribute) {
  switch (attribute.type) {
    case cluster::AttributeType::kInt:
      return base::ParseInteger(attribute.value).value_or(0);
    case cluster::AttributeType::kBool:
      return attribute.value == "true";
    case cluster::AttributeType::kVersion:
      return cel::VersionText{attribute.value};
    case cluster::AttributeType::kList:
      return cel::ListValue();
    case cluster::AttributeType::kString:
      break;
  }
  return attribute.value;
}

}  // namespace

cel::Device AsSelectorsSee(std::string_view driver, const cluster::Device& device) {
  cel::Device seen{std::string(driver), device.shared_by_capacity};
  for (const cluster::DeviceAttribute& attribute : device.attributes) {
    seen.attributes.emplace(attribute.name, ValueOf(attribute));
  }
  for (const cluster::DeviceCapacity& capacity : device.capacity) {
    seen.capacity.emplace(capacity.name, capacity.value);
  }
  return seen;
}

Selection::Selection(const cluster::List<cluster::DeviceClass>& classes) {
  for (const cluster::DeviceClass& known : classes) classes_.emplace(known.name, &known);
}

const cluster::DeviceClass* Selection::ClassNamed(std::string_view name) const {
  const auto known = classes_.find(name);
  return known == classes_.end() ? nullptr : known->second;
}

Selection::Expression* Selection::Compiled(const std::string& text) {
  const auto known = expressions_.find(text);
  if (known != expressions_.end()) return &known->second;
  Expression& fresh = expressions_.emplace(text, cel::Compile(text)).first->second;
  fresh.text = text;
  return &fresh;
}

const cel::Device& Selection::SeenBy(std::string_view driver, const cluster::Device& device) {
  if (last_ == &device) return seen_;
  last_ = &device;
  seen_ = AsSelectorsSee(driver, device);
  return seen_;
}

tl::expected<bool, Stopped> Selection::MatchesAll(const std::vector<Expression*>& selectors,
                                                  const std::string& where, std::string_view driver,
                                                  const cluster::Device& device) {
  using Kind = cel::Outcome::Kind;
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    const auto message = [&](const std::string& why) {
      return fmt::format("{}, selector {} ({}) of device {}: {}", where, i + 1, selectors[i]->text,
                         device.name, why);
    };
    const auto& program = selectors[i]->program;
    if (!program) return tl::unexpected<Stopped>(Fails{message(program.error().message)});
    const auto [kind, fresh] = selectors[i]->known.try_emplace(&device, Kind::kFalse);
    if (!fresh && kind->second == Kind::kTrue) continue;
    if (!fresh && kind->second == Kind::kFalse) return false;
    // Why it has no answer is not kept.
    const cel::Outcome outcome = program->Matches(SeenBy(driver, device));
    kind->second = outcome.kind;
    if (outcome.kind == Kind::kFalse) return false;
    if (outcome.kind == Kind::kError) {
      return tl::unexpected<Stopped>(Fails{message(outcome.why)});
    }
    if (outcome.kind == Kind::kUnknown) {
      return tl::unexpected<Stopped>(Unknown{message(outcome.why)});
    }
  }
  return true;
}

}  // namespace tangram::claims
