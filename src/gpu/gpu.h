// Facts of the silicon: GPU models, MIG profiles and their legal placements, sharing rules.
//
// Everything here is constant data in static storage: no I/O, never freed, safe from any thread.
// Sources stand in data/gpu_models.json and data/mig_profiles.json; each fact keeps its mark:
// verified (read from a named source) or inferred (not observed). tests/hardware compares the MIG
// table with NVML on a real GPU where there is one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace tangram::gpu {

enum class Architecture { kPascal, kVolta, kTuring, kAmpere, kAda, kHopper, kBlackwell };
std::string_view NameOf(Architecture architecture);  // "Hopper"

enum class Evidence { kVerified, kInferred, kUnknown };
std::string_view NameOf(Evidence evidence);  // "verified"

// Where a GPU instance sits, in *memory* slices from 0, as NVML counts (H100 has 8, A30 has 4,
// RTX PRO 6000 has 12).
struct Placement {
  int start = 0;
  int size = 0;
  friend auto operator<=>(const Placement&, const Placement&) = default;
};

struct MigProfile {
  std::string_view name;               // NVIDIA's spelling: "3g.20gb", "1g.5gb+me"
  int id = -1;                         // NVML's GPU instance profile id; -1 unknown
  int compute_slices = 0;              // the "3" of 3g.20gb
  int memory_slices = 0;               // the size of every placement; 0 unknown
  std::optional<base::MiB> memory;     // usable by one instance; driver-dependent
  std::optional<int> multiprocessors;  // not proportional to compute_slices on Hopper
  std::span<const int> starts;         // legal Placement::start, ascending
  int max_instances = 0;
  Evidence placement_evidence = Evidence::kUnknown;
  Evidence memory_evidence = Evidence::kUnknown;
  bool is_plain() const { return name.find_first_of("+-") == std::string_view::npos; }
};

struct NvLink {
  int generation = 0;     // 0: none
  int gb_per_second = 0;  // both directions together, per GPU, rounded down
  bool bridge = false;    // only where a bridge is fitted between boards; never assume that it is
};

struct Model {
  std::string_view name;                       // our short name, unique: "A100-40GB"
  std::span<const std::string_view> products;  // as feature discovery writes them
  std::span<const std::string_view> pci_ids;   // "0x20B010DE": (device << 16) | vendor
  Architecture architecture = Architecture::kVolta;
  int compute_major = 0;
  int compute_minor = 0;
  base::MiB memory;  // nominal, of the board; NVML reports less
  NvLink nvlink;
  int memory_slices = 0;                 // the placement axis; 0: no MIG, or axis unknown
  int compute_slices = 0;                // 0: no MIG
  bool mig_toggle_needs_reset = false;   // Ampere: yes; Hopper and later: no
  std::span<const MigProfile> profiles;  // largest first; empty: no MIG, or no table known
  bool has_mig() const { return !profiles.empty(); }
};

// Every model, ordered by name.
std::span<const Model> Models();

// By our short name, in any case; "T4" names "T4-16GB" where only one model begins so. nullptr if
// there is none, or several.
const Model* ModelNamed(std::string_view name);

// What a `nvidia.com/gpu.product` label says beside the model.
struct ProductName {
  const Model* model = nullptr;  // nullptr: unknown; reported, never guessed
  std::string board;             // the product with every suffix taken off
  std::string mig_profile;       // "1g.5gb" of "...-MIG-1g.5gb"; "INVALID" as written
  bool shared = false;           // had "-SHARED"
};

// Reads a product as feature discovery writes it, also with "-MIG-1g.5gb" and "-SHARED"; blanks
// count as '-', so NVML's and DCGM's "NVIDIA A100-SXM4-40GB" and DRA's productName read as well.
// A name that several boards share is told apart by `memory` (a label's nvidia.com/gpu.memory) or
// by the MIG profile; where neither does, the model is unknown.
ProductName ParseProduct(std::string_view product, std::optional<base::MiB> memory = std::nullopt);

// By DRA attributes of gpu.nvidia.com: productName, and the memory capacity where the name is
// ambiguous. nullptr: unknown.
const Model* ModelOfDevice(std::string_view product_name, std::optional<base::MiB> memory);

// The profile of `model` with NVIDIA's spelling ("1g.10gb+me"), or the resource name's
// ("1g.10gb.me" as in nvidia.com/mig-1g.10gb.me), or the DRA device name's ("1g10gb", "1g10gb-me");
// nullptr if there is none. The DRA spelling writes "+me" and "-me" alike; where a model has both
// (RTX PRO 6000) it names neither: use the profile id that stands in the device name.
const MigProfile* ProfileNamed(const Model& model, std::string_view name);

// By NVML's GPU instance profile id, as in the DRA device name gpu-0-mig-1g10gb-19-0; nullptr if
// there is none.
const MigProfile* ProfileById(const Model& model, int id);

// True where some known model has a profile of that name, in any of the three spellings.
bool IsKnownProfile(std::string_view name);

// "1g.10gb+me" -> "nvidia.com/mig-1g.10gb.me".
std::string ResourceNameOf(const MigProfile& profile);

// A GPU instance that is there. `profile` belongs to the same model as the GPU.
struct Occupied {
  const MigProfile* profile = nullptr;
  int start = 0;
  friend bool operator==(const Occupied&, const Occupied&) = default;
};

// Whether one more instance fits: `start` is legal, intervals on the memory axis do not overlap, at
// most one "+me" instance a GPU, and beside "+me.all" only "-me" ones (nvml.h). That is the whole
// rule for compute profiles (checked exhaustively against engine and SM counts of the table). A
// profile with unknown placements (placement_evidence) never fits.
bool Fits(const Model& model, std::span<const Occupied> occupied, const MigProfile& profile,
          int start);

// A set of starts for `profiles` on one empty GPU, in the order given; nothing if they cannot all
// be on one GPU. Exhaustive: says no only where no layout exists, or placements are unknown.
std::optional<std::vector<int>> FindLayout(const Model& model,
                                           std::span<const MigProfile* const> profiles);

// ---- sharing rules ----

// Time-slicing: any model; NVIDIA's code sets no upper bound, clouds stop at 48.
inline constexpr int kMaxTimeSlicingReplicas = 48;
// Clients of one MPS server that the device plugin accepts: 48 from compute capability 7.5,
// else 16.
int MaxMpsClients(const Model& model);
// MPS in the device plugin works on whole cards only, never on MIG devices.
bool MpsAllowedOnMig();

}  // namespace tangram::gpu
