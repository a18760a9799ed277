// Against the scheduler's own allocator: testbed/cmd/dra, whose path is in TANGRAM_DRA
// (testbed/dra_differential builds it and runs these tests).
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "claims/testing/random_claims_testing.h"

namespace tangram::claims {
namespace {

using nlohmann::json;

json CountersJson(const std::vector<cluster::CounterSet>& sets, const std::string& name_key) {
  json all = json::array();
  for (const cluster::CounterSet& set : sets) {
    json counters = json::object();
    for (const auto& [name, amount] : set.counters) {
      counters[name]["value"] = fmt::format("{}m", amount);
    }
    all.push_back({{name_key, set.name}, {"counters", counters}});
  }
  return all;
}

json AttributeJson(const cluster::DeviceAttribute& attribute) {
  if (attribute.type != cluster::AttributeType::kInt) return {{"string", attribute.value}};
  return {{"int", std::stoll(attribute.value)}};
}

json SelectorJson(const std::vector<cluster::NodeTerm>& terms) {
  json all = json::array();
  for (const cluster::NodeTerm& term : terms) {
    json expressions = json::array();
    for (const cluster::SelectorTerm& one : term.labels) {
      expressions.push_back({{"key", one.key}, {"operator", one.op}, {"values", one.values}});
    }
    all.push_back({{"matchExpressions", expressions}});
  }
  return {{"nodeSelectorTerms", all}};
}

void SetReach(const cluster::NodeReach& reach, json& object) {
  if (!reach.node.empty()) object["nodeName"] = reach.node;
  if (reach.all_nodes) object["allNodes"] = true;
  if (!reach.nodes.empty()) object["nodeSelector"] = SelectorJson(reach.nodes);
}

json PolicyJson(const cluster::CapacityPolicy& policy) {
  json object = json::object();
  if (!policy.fallback.empty()) object["default"] = policy.fallback;
  if (!policy.values.empty()) object["validValues"] = policy.values;
  for (const auto& [key, value] :
       {std::pair("min", &policy.min), {"max", &policy.max}, {"step", &policy.step}}) {
    if (!value->empty()) object["validRange"][key] = *value;
  }
  return object;
}

json DeviceObject(const cluster::Device& device) {
  json object = {{"name", device.name}, {"attributes", json::object()}};
  for (const cluster::DeviceAttribute& attribute : device.attributes) {
    object["attributes"][attribute.name] = AttributeJson(attribute);
  }
  for (const cluster::DeviceCapacity& capacity : device.capacity) {
    object["capacity"][capacity.name] = {{"value", capacity.value}};
    if (capacity.policy)
      object["capacity"][capacity.name]["requestPolicy"] = PolicyJson(*capacity.policy);
  }
  if (device.shared_by_capacity) object["allowMultipleAllocations"] = true;
  if (!device.consumes.empty()) {
    object["consumesCounters"] = CountersJson(device.consumes, "counterSet");
  }
  for (const cluster::Taint& taint : device.taints) {
    object["taints"].push_back(
        {{"key", taint.key}, {"value", taint.value}, {"effect", taint.effect}});
  }
  if (device.has_binding_conditions) {
    object["bindingConditions"] = {"ready"};
    object["bindingFailureConditions"] = {"failed"};
  }
  SetReach(device.reach, object);
  return object;
}

json SliceObject(const cluster::ResourceSlice& slice) {
  json spec = {{"driver", slice.driver},
               {"pool",
                {{"name", slice.pool},
                 {"generation", slice.generation},
                 {"resourceSliceCount", slice.pool_slices}}}};
  SetReach(slice.reach, spec);
  if (slice.reach_by_device) spec["perDeviceNodeSelection"] = true;
  for (const cluster::Device& device : slice.devices) {
    spec["devices"].push_back(DeviceObject(device));
  }
  if (!slice.counters.empty()) spec["sharedCounters"] = CountersJson(slice.counters, "name");
  return {{"metadata", {{"name", slice.name}}}, {"spec", spec}};
}

json SelectorsJson(const std::vector<std::string>& selectors) {
  json all = json::array();
  for (const std::string& text : selectors) all.push_back({{"cel", {{"expression", text}}}});
  return all;
}

json RequestFields(const cluster::DeviceRequest& request) {
  json fields = {{"deviceClassName", request.device_class},
                 {"selectors", SelectorsJson(request.selectors)},
                 {"allocationMode", request.all ? "All" : "ExactCount"}};
  if (!request.all) fields["count"] = request.count;
  if (request.admin_access) fields["adminAccess"] = true;
  for (const cluster::Toleration& toleration : request.tolerations) {
    json object = {{"key", toleration.key}, {"operator", toleration.op}};
    if (toleration.op != "Exists") object["value"] = toleration.value;
    fields["tolerations"].push_back(object);
  }
  for (const auto& [name, quantity] : request.capacity) {
    fields["capacity"]["requests"][name] = quantity;
  }
  return fields;
}

json RequestsJson(const std::vector<cluster::DeviceRequest>& requests) {
  json all = json::array();
  for (const cluster::DeviceRequest& request : requests) {
    const std::size_t slash = request.name.find('/');
    const std::string name = request.name.substr(0, slash);
    json fields = RequestFields(request);
    if (slash == std::string::npos) {
      all.push_back({{"name", name}, {"exactly", fields}});
      continue;
    }
    fields["name"] = request.name.substr(slash + 1);
    if (all.empty() || all.back()["name"] != name) all.push_back({{"name", name}});
    all.back()["firstAvailable"].push_back(fields);
  }
  return all;
}

json ClaimObject(const cluster::Claim& claim) {
  json devices = {{"requests", RequestsJson(claim.requests)}};
  for (const cluster::DeviceConstraint& constraint : claim.constraints) {
    const bool match = !constraint.match_attribute.empty();
    devices["constraints"].push_back(
        {{"requests", constraint.requests},
         {match ? "matchAttribute" : "distinctAttribute",
          match ? constraint.match_attribute : constraint.distinct_attribute}});
  }
  return {{"metadata", {{"name", claim.name}, {"namespace", claim.ns}}},
          {"spec", {{"devices", devices}}}};
}

json QuestionOf(const Scene& scene) {
  json question = {{"node", scene.node.name}, {"labels", json::object()},
                   {"slices", json::array()}, {"classes", json::array()},
                   {"claims", json::array()}, {"allocated", json::array()}};
  for (const auto& [key, value] : scene.node.labels) question["labels"][key] = value;
  for (const auto& slice : scene.slices) question["slices"].push_back(SliceObject(slice));
  for (const cluster::DeviceClass& known : scene.classes) {
    question["classes"].push_back({{"metadata", {{"name", known.name}}},
                                   {"spec", {{"selectors", SelectorsJson(known.selectors)}}}});
  }
  for (const cluster::Claim& claim : scene.claims) question["claims"].push_back(ClaimObject(claim));
  for (const cluster::AllocatedDevice& one : scene.allocated) {
    json id = {{"driver", one.driver}, {"pool", one.pool}, {"device", one.device}};
    if (one.shared) id["shared"] = true;
    for (const auto& [name, amount] : one.consumed) id["consumed"][name] = amount;
    question["allocated"].push_back(std::move(id));
  }
  return question;
}

constexpr const char* kInvalidPools = "invalid resource pools were encountered";

struct ShortAnswer {
  std::string operator()(const Fits&) const { return "fits"; }
  std::string operator()(const DoesNotFit&) const { return "does not fit"; }
  std::string operator()(const Fails&) const { return "fails"; }
  std::string operator()(const Unknown&) const { return "unknown"; }
};

TEST(ClaimsDifferentialTest, RandomClaimsHaveTheSameAnswers) {
  const char* program = std::getenv("TANGRAM_DRA");
  if (program == nullptr) {
    GTEST_SKIP() << "TANGRAM_DRA is not set: testbed/dra_differential builds the program and runs "
                    "these tests";
  }
  const char* rounds = std::getenv("TANGRAM_ROUNDS");
  const char* seed = std::getenv("TANGRAM_SEED");
  std::mt19937_64 random(seed == nullptr ? 7 : std::strtoul(seed, nullptr, 10));
  std::vector<Scene> scenes;
  for (int i = rounds == nullptr ? 4000 : std::atoi(rounds); i > 0; --i) {
    scenes.push_back(RandomScene(random));
  }
  const auto folder =
      std::filesystem::temp_directory_path() / fmt::format("tangram-claims-{}", ::getpid());
  std::filesystem::create_directories(folder);
  {
    std::ofstream in(folder / "in");
    for (const Scene& scene : scenes) in << QuestionOf(scene).dump() << "\n";
  }
  const std::string command =
      fmt::format("'{}' allocate <'{}/in' >'{}/out'", program, folder.string(), folder.string());
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::ifstream out(folder / "out");
  std::map<std::string, int> counts;
  for (const Scene& scene : scenes) {
    std::string line;
    ASSERT_TRUE(std::getline(out, line));
    const json real = json::parse(line);
    // A pool that is not valid keeps the pod off this node only.
    const bool fails = real.contains("error") && real["error"] != kInvalidPools;
    const std::string theirs = fails                         ? "fails"
                               : real.at("fits").get<bool>() ? "fits"
                                                             : "does not fit";
    const Answer answer = scene.Ask();
    const std::string ours = std::visit(ShortAnswer(), answer);
    ++counts[ours];
    if (ours == "unknown") continue;
    EXPECT_EQ(DevicesOf(answer), real.value("devices", std::vector<std::string>()))
        << QuestionOf(scene).dump();
    EXPECT_EQ(ours, theirs) << QuestionOf(scene).dump() << "\n"
                            << line << "\n"
                            << (ours == "fails" ? std::get<Fails>(answer).why : "");
  }
  std::filesystem::remove_all(folder);
  for (const auto& [kind, count] : counts) std::cout << fmt::format("{:>14}: {}\n", kind, count);
  for (const char* kind : {"fits", "does not fit", "fails"}) EXPECT_GT(counts[kind], 100) << kind;
}

}  // namespace
}  // namespace tangram::claims
