#include "agent/nvml_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/read_card.h"
#include "agent/write_memory_limit.h"
#include "agent/write_mig.h"

namespace tangram::agent {
namespace {

using base::ErrorCode;
using base::Fail;
using nvml::Status;

std::string AboutCard(int index) { return fmt::format("card {}", index); }

void ReadVersions(Fields& fields, Driver& driver) {
  std::array<char, nvml::kVersionSize> text{};
  if (fields.Get("driver version", nvml::kDriverVersion, text.data(), nvml::kVersionSize)) {
    driver.version = TextOf(text.data(), text.size());
  }
  text.fill('\0');
  if (fields.Get("library version", nvml::kLibraryVersion, text.data(), nvml::kVersionSize)) {
    driver.library_version = TextOf(text.data(), text.size());
  }
  int cuda = 0;  // 12080 is 12.8
  if (fields.Get("CUDA version", nvml::kCudaVersion, &cuda)) {
    driver.cuda_version = fmt::format("{}.{}", cuda / 1000, cuda % 1000 / 10);
  }
}

base::Result<Driver> DriverOf(NvmlSession& session) {
  unsigned count = 0;
  const Status status = session.Call("the driver", nvml::kDeviceCount, &count);
  if (status != Status::kSuccess) {
    return Fail(ErrorCode::kUnavailable, fmt::format("counting the GPUs: {} answered {}",
                                                     nvml::kDeviceCount.name, Words(status)));
  }
  Driver driver;
  driver.cards = static_cast<int>(std::min(count, 1024U));
  Fields fields(session, "the driver", driver.problems);
  ReadVersions(fields, driver);
  return driver;
}

base::Result<Card> CardOf(NvmlSession& session, int index) {
  Card card;
  card.index = index;
  nvml::Device device = nullptr;
  const Status status =
      session.Call(AboutCard(index), nvml::kDeviceByIndex, static_cast<unsigned>(index), &device);
  if (status == Status::kInvalidArgument || status == Status::kNotFound) {
    return Fail(ErrorCode::kNotFound, fmt::format("there is no card {}", index));
  }
  if (status != Status::kSuccess) {
    card.state = status == Status::kGpuIsLost ? CardState::kLost : CardState::kUnreadable;
    card.problems = {
        {"card", fmt::format("{} answered {}", nvml::kDeviceByIndex.name, Words(status))}};
    return card;
  }
  Fields fields(session, AboutCard(index), card.problems);
  ReadFields(fields, device, card);
  ReadMig(fields, device, card);
  if (fields.lost()) {
    card.state = CardState::kLost;
    card.problems.push_back({"card", "it fell off the bus while it was read"});
  }
  return card;
}

std::optional<Path> PathOf(unsigned level) {
  switch (level) {
    case 0:
      return Path::kBoard;
    case 10:
      return Path::kSwitch;
    case 20:
      return Path::kSwitches;
    case 30:
      return Path::kHostBridge;
    case 40:
      return Path::kNode;
    case 50:
      return Path::kSystem;
    default:
      return std::nullopt;
  }
}

int NvLinksTo(const Card& card, const std::string& bus_id) {
  if (!card.nvlinks || bus_id.empty()) return 0;
  return static_cast<int>(
      std::count(card.nvlinks->peers.begin(), card.nvlinks->peers.end(), bus_id));
}

Link LinkOf(NvmlSession& session, const Card& a, const Card& b, std::vector<Problem>& problems) {
  Link link;
  link.a = a.index;
  link.b = b.index;
  link.nvlinks = NvLinksTo(a, b.pci_bus_id);
  Fields fields(session, fmt::format("cards {} and {}", a.index, b.index), problems);
  nvml::Device first = nullptr;
  nvml::Device second = nullptr;
  if (!fields.Get("links", nvml::kDeviceByIndex, static_cast<unsigned>(a.index), &first) ||
      !fields.Get("links", nvml::kDeviceByIndex, static_cast<unsigned>(b.index), &second)) {
    return link;
  }
  unsigned level = 0;
  if (fields.Get("links", nvml::kCommonAncestor, first, second, &level)) link.path = PathOf(level);
  unsigned p2p = 0;
  if (fields.Get("links", nvml::kP2pStatus, first, second, nvml::kP2pNvLink, &p2p)) {
    link.nvlink_p2p = p2p == nvml::kP2pOk;
  }
  return link;
}

base::Result<Links> LinksOf(NvmlSession& session, const std::vector<Card>& cards) {
  Links links;
  for (std::size_t a = 0; a < cards.size(); ++a) {
    for (std::size_t b = a + 1; b < cards.size(); ++b) {
      if (cards[a].state != CardState::kOk || cards[b].state != CardState::kOk) continue;
      links.links.push_back(LinkOf(session, cards[a], cards[b], links.problems));
    }
  }
  return links;
}

}  // namespace

NvmlReader::NvmlReader(std::string library, CallWatch& watch, NvmlRights may)
    : library_(std::move(library)), watch_(watch), may_(may) {}

void NvmlReader::EndSession() {
  follower_.reset();
  session_.reset();
}

template <class T>
base::Result<T> NvmlReader::InSession(const std::function<base::Result<T>(NvmlSession&)>& read) {
  constexpr int kTries = 2;
  for (int i = 0; i < kTries; ++i) {
    if (!session_) {
      auto opened = NvmlSession::Open(library_, watch_);
      if (!opened) return tl::unexpected(opened.error());
      session_ = std::move(*opened);
      follower_ = std::make_unique<NvmlFollower>(*session_);
    }
    base::Result<T> result = read(*session_);
    if (!session_->gone()) return result;
    EndSession();
  }
  return Fail(ErrorCode::kUnavailable,
              "the NVIDIA driver is being reloaded: it went away twice while it was read");
}

base::Result<Driver> NvmlReader::ReadDriver() {
  if (std::exchange(lost_a_card_, false)) EndSession();
  return InSession<Driver>(DriverOf);
}

base::Result<Card> NvmlReader::ReadCard(int index) {
  auto card = InSession<Card>([index](NvmlSession& session) { return CardOf(session, index); });
  if (card && card->state == CardState::kLost) lost_a_card_ = true;
  return card;
}

base::Result<Reading> NvmlReader::ReadAgain(const Card& known) {
  auto read = InSession<Reading>([&](NvmlSession&) { return follower_->ReadAgain(known); });
  if (read && read->card.state == CardState::kLost) lost_a_card_ = true;
  return read;
}

base::Result<ProcessSamples> NvmlReader::ReadProcessSamples(int index) {
  return InSession<ProcessSamples>(
      [&](NvmlSession&) { return follower_->ReadProcessSamples(index); });
}

base::Result<Events> NvmlReader::AwaitEvents(const std::vector<int>& cards,
                                             base::Milliseconds most) {
  return InSession<Events>([&](NvmlSession&) { return follower_->AwaitEvents(cards, most); });
}

// Not tried again in a new session, unlike what reads: the card is read first.
base::Result<CutResult<void>> NvmlReader::Do(const MigStep& step) {
  if (!may_.cut) return Nvml::Do(step);
  bool tried = false;
  return InSession<CutResult<void>>([&](NvmlSession& session) -> base::Result<CutResult<void>> {
    if (std::exchange(tried, true)) {
      return Fail(ErrorCode::kUnavailable,
                  "could not " + step.text + ": the NVIDIA driver was reloaded meanwhile");
    }
    return DoStep(session, step);
  });
}

base::Result<CgroupMemory> NvmlReader::ReadMemoryLimit(const CgroupOnCard& at) {
  return InSession<CgroupMemory>(
      [&](NvmlSession& session) { return agent::ReadMemoryLimit(session, at); });
}

base::Result<void> NvmlReader::SetMemoryLimit(const CgroupOnCard& at, base::MiB most) {
  if (!may_.limit_memory) return Nvml::SetMemoryLimit(at, most);
  return InSession<void>(
      [&](NvmlSession& session) { return agent::SetMemoryLimit(session, at, most); });
}

base::Result<Links> NvmlReader::ReadLinks(const std::vector<Card>& cards) {
  return InSession<Links>([&](NvmlSession& session) { return LinksOf(session, cards); });
}

}  // namespace tangram::agent
