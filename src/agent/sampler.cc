#include "agent/sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tangram::agent {
namespace {

constexpr int kMostHangs = 3;  // of one card

double SecondsBetween(base::Time from, base::Time to) {
  return static_cast<double>((to - from).count()) / 1000;
}

bool IsCut(const Card& card) { return card.mig && card.mig->enabled; }

// Whether what was learnt of its processes' use still holds.
bool SameToFollow(const Card& a, const Card& b) { return a.uuid == b.uuid && IsCut(a) == IsCut(b); }

}  // namespace

Sampler::Sampler(Deps deps, SamplerOptions options)
    : deps_(std::move(deps)), options_(options), retry_(options.first_retry) {
  if (!deps_.log) deps_.log = [](const std::string&) {};
}

base::Milliseconds Sampler::Round() {
  const base::Time now = deps_.clock.Now();
  if (now >= next_) {
    Sample(now);
    const base::Time done = deps_.clock.Now();
    if (state_.idle.empty()) {  // on the grid, whatever a sample took
      next_ = std::max(next_, base::Time{}) + options_.every;
      if (next_ <= done) next_ = done + options_.every;
    }
  }
  const base::Time then = deps_.clock.Now();
  const auto wait = std::clamp(next_ - then, base::Milliseconds(0), options_.tick);
  if (!state_.idle.empty() || then >= next_) return wait;
  PollProcesses();
  if (events_hung_) return wait;
  const int before = deps_.nvml.HungCalls();
  const auto told = deps_.nvml.AwaitEvents(WatchedCards(then), wait);
  state_.hung_calls = deps_.nvml.HungCalls();
  state_.events_watched = told && told->watched;
  if (state_.hung_calls > before) {
    events_hung_ = true;
    Say("the driver's events are not watched any more: " + told.error().message);
  }
  if (!told || !told->watched) return wait;
  TakeEvents(told->events);
  return base::Milliseconds(0);
}

// ---- a sample ----

void Sampler::Sample(base::Time now) {
  const bool whole = now >= whole_at_ || !state_.idle.empty() || state_.cards.empty();
  if (whole && !ReadDriver(now)) return;
  PollProcesses();  // before owners are looked up anew: what ran is still known
  ReadCards(now, whole);
  if (whole) whole_at_ = now + options_.whole_every;
  AskKubelet(now);
  Attribute(now);
  ++state_.samples;
  state_.sampled_at = now;
  state_.sample_seconds = SecondsBetween(now, deps_.clock.Now());
  state_.hung_calls = deps_.nvml.HungCalls();
}

bool Sampler::ReadDriver(base::Time now) {
  auto driver = deps_.nvml.ReadDriver();
  if (!driver) {
    GoIdle(now, driver.error().message);
    return false;
  }
  if (driver->cards == 0) {
    GoIdle(now, fmt::format("the NVIDIA driver {} runs here, and sees no GPU", driver->version));
    return false;
  }
  const auto count = static_cast<std::size_t>(driver->cards);
  if (!state_.idle.empty() || state_.cards.size() != count) {
    Say(fmt::format("{} GPUs, driver {}", driver->cards, driver->version));
    hung_.clear();
    followed_.clear();
  }
  state_.cards.resize(count);
  state_.driver = std::move(*driver);
  state_.idle.clear();
  retry_ = options_.first_retry;
  return true;
}

void Sampler::GoIdle(base::Time now, const std::string& why) {
  if (state_.idle != why) Say("idle: " + why);
  const bool was_at_work = state_.idle.empty() && !state_.cards.empty();
  if (was_at_work) retry_ = options_.first_retry;
  state_.idle = why;
  state_.cards.clear();
  state_.pods.clear();
  state_.others.clear();
  state_.driver = {};
  state_.events_watched = false;
  state_.hung_calls = deps_.nvml.HungCalls();
  ++state_.failed;
  followed_.clear();
  owners_.clear();
  next_ = now + retry_;
  retry_ = std::min(2 * retry_, options_.most_retry);
}

void Sampler::ReadCards(base::Time now, bool whole) {
  bool well = true;
  for (std::size_t i = 0; i < state_.cards.size(); ++i) {
    CardNow& card = state_.cards[i];
    ReadCard(now, static_cast<int>(i), whole, card);
    well = well && card.reading.card.state == CardState::kOk && !card.given_up;
    NoteState(card);
  }
  if (!well) ++state_.failed;
}

bool Sampler::LeftAlone(base::Time now, int index) const {
  const auto hung = hung_.find(index);
  return hung != hung_.end() && (hung->second.times >= kMostHangs || now < hung->second.not_before);
}

void Sampler::ReadCard(base::Time now, int index, bool whole, CardNow& card) {
  card.reading.card.index = index;
  card.given_up = LeftAlone(now, index);
  if (card.given_up) return;
  const int before = deps_.nvml.HungCalls();
  auto reading = ReadOf(index, whole, card.reading);
  if (reading) {
    if (reading->card.uuid.empty()) reading->card.uuid = card.reading.card.uuid;  // it was known
    if (!SameToFollow(reading->card, card.reading.card)) followed_.erase(index);
    card.reading = std::move(*reading);
    if (card.reading.card.state == CardState::kOk) hung_.erase(index);
    return;
  }
  const base::Error error = reading.error();
  if (deps_.nvml.HungCalls() > before) {
    Hung& hung = hung_[index];
    hung.not_before = now + options_.hung_pause * (1 << hung.times);
    ++hung.times;
    card.given_up = true;
  }
  TakeFailure(now, index, error, card);
}

// A card that was cut anew is read whole at once; its counters begin with a second reading.
base::Result<Reading> Sampler::ReadOf(int index, bool whole, const Reading& before) {
  const bool known = before.card.state == CardState::kOk && !before.card.uuid.empty();
  if (known && !whole) {
    auto again = deps_.nvml.ReadAgain(before.card);
    if (!again || !again->recut) return again;
  }
  auto card = deps_.nvml.ReadCard(index);
  if (!card) return tl::unexpected(card.error());
  if (card->state != CardState::kOk) {
    Reading unwell;
    unwell.card = std::move(*card);
    return unwell;
  }
  const std::vector<Problem> problems = card->problems;
  auto reading = deps_.nvml.ReadAgain(*card);
  if (!reading) return reading;
  for (const Problem& problem : problems) {
    auto& all = reading->card.problems;
    if (std::find(all.begin(), all.end(), problem) == all.end()) all.push_back(problem);
  }
  return reading;
}

void Sampler::TakeFailure(base::Time now, int index, const base::Error& error, CardNow& card) {
  const std::string uuid = card.reading.card.uuid;
  card.reading = {};
  card.reading.card.index = index;
  card.reading.card.uuid = uuid;
  card.reading.card.state = CardState::kUnreadable;
  card.reading.card.problems = {{"card", error.message}};
  if (!card.given_up) whole_at_ = now;  // the driver may have gone, or have fewer cards
}

void Sampler::NoteState(const CardNow& card) {
  const Card& now = card.reading.card;
  const bool well = now.state == CardState::kOk && !card.given_up;
  std::string& said = said_[now.index];
  const std::string why = well                   ? ""
                          : now.problems.empty() ? "it is lost"
                                                 : now.problems.front().why;
  if (said == why) return;
  said = why;
  const std::string gpu =
      fmt::format("GPU {}{}", now.index, now.uuid.empty() ? "" : " " + now.uuid);
  Say(well ? gpu + " is read again" : gpu + " cannot be read: " + why);
}

// ---- pods ----

void Sampler::AskKubelet(base::Time now) {
  if (deps_.kubelet == nullptr) return;
  KubeletNow& kubelet = state_.kubelet;
  kubelet.asked = true;
  auto listed = deps_.kubelet->List();
  const std::string error = listed ? "" : listed.error().message;
  if (error != kubelet.error) {
    Say(listed ? "the kubelet says again which pod holds which device"
               : "the kubelet does not say which pod holds which device: " + error);
  }
  kubelet.error = error;
  if (listed) {
    devices_ = std::move(*listed);
    kubelet.answered = now;
    return;
  }
  ++kubelet.failures;
  if (kubelet.answered && now - *kubelet.answered > options_.kubelet_memory) devices_ = {};
}

void Sampler::LookUp(std::int64_t pid) {
  if (!owners_.contains(pid)) owners_[pid] = deps_.owners.Of(pid);
}

void Sampler::PollProcesses() {
  for (CardNow& card : state_.cards) {
    const int index = card.reading.card.index;
    Followed& followed = followed_[index];
    const bool well = card.reading.card.state == CardState::kOk && !card.given_up;
    if (!well || (followed.asked && !followed.tells)) continue;
    const int before = deps_.nvml.HungCalls();
    auto read = deps_.nvml.ReadProcessSamples(index);
    if (deps_.nvml.HungCalls() > before) {
      hung_[index] = {hung_[index].times + 1,
                      deps_.clock.Now() + options_.hung_pause * (1 << hung_[index].times)};
      card.given_up = true;
    }
    if (!read) continue;
    if (!followed.asked) followed.since = deps_.clock.Now();
    followed.asked = true;
    followed.tells = read->supported;
    state_.refused += static_cast<std::uint64_t>(read->refused);
    for (const ProcessSample& sample : read->samples) LookUp(sample.pid);
    followed.meter.Add(std::move(read->samples));
  }
}

// Whether the use of a place was measured ever since the last sample: a share of half a window is
// half of what it should be. Of an instance, the counters tell.
bool Sampler::LookedAtAll(const Place& place) const {
  if (!state_.sampled_at) return false;
  const auto followed = followed_.find(place.card);
  return place.instance ||
         (followed != followed_.end() && followed->second.since <= *state_.sampled_at);
}

void Sampler::Attribute(base::Time now) {
  const double window = state_.sampled_at ? SecondsBetween(*state_.sampled_at, now) : 0;
  deps_.owners.Refresh();
  std::vector<Reading> known;
  std::vector<CardUse> uses;
  std::map<std::int64_t, Owner> owners = std::exchange(owners_, {});
  for (CardNow& card : state_.cards) {
    Followed& followed = followed_[card.reading.card.index];
    card.tells_use = followed.asked && followed.tells;
    CardUse& use = uses.emplace_back();
    use.reading = &card.reading;
    if (card.tells_use) use.sm_seconds = followed.meter.Take();
    known.push_back(card.reading);
    if (card.reading.card.state != CardState::kOk) continue;
    for (const Process& process : card.reading.card.processes) LookUp(process.pid);
  }
  for (const auto& [pid, owner] : owners_) {  // those who ended keep theirs
    if (owner.kind != OwnerKind::kGone || !owners.contains(pid)) owners[pid] = owner;
  }
  const Holdings holdings = Resolve(devices_, known);
  state_.kubelet.unknown_devices = holdings.unknown;
  Attribution made = agent::Attribute(uses, holdings, owners, window);
  std::map<std::pair<Place, PodRef>, PodNow> pods;
  for (auto& [at, use] : made.pods) {
    PodNow& pod = pods[at];
    const auto before = state_.pods.find(at);
    pod.sm_seconds = use.sm_seconds;
    if (use.sm_seconds && before != state_.pods.end()) {
      *pod.sm_seconds += before->second.sm_seconds.value_or(0);
    }
    if (use.sm_seconds && LookedAtAll(at.first)) pod.sm_ratio = *use.sm_seconds / window;
    pod.use = std::move(use);
  }
  std::map<std::pair<Place, OwnerKind>, OtherNow> others;
  for (const auto& [at, use] : made.others) {
    OtherNow& other = others[at];
    other.use = use;
    if (use.sm_seconds && LookedAtAll(at.first)) other.sm_ratio = *use.sm_seconds / window;
  }
  state_.pods = std::move(pods);
  state_.others = std::move(others);
}

// ---- events ----

std::vector<int> Sampler::WatchedCards(base::Time now) const {
  std::vector<int> watched;
  for (const CardNow& card : state_.cards) {
    const int index = card.reading.card.index;
    if (card.reading.card.state == CardState::kOk && !LeftAlone(now, index)) {
      watched.push_back(index);
    }
  }
  return watched;
}

void Sampler::TakeEvents(const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (event.kind == EventKind::kMigChange) {
      whole_at_ = base::Time{};
      next_ = std::min(next_, deps_.clock.Now());
      continue;
    }
    const auto index = static_cast<std::size_t>(event.card);
    const std::string uuid =
        index < state_.cards.size() ? state_.cards[index].reading.card.uuid : "";
    ++state_.xids[{uuid, event.card, event.xid}];
    Say(fmt::format("GPU {} {}{}: XID {}", event.card, uuid,
                    event.instance ? fmt::format(" instance {}", *event.instance) : "", event.xid));
  }
}

}  // namespace tangram::agent
