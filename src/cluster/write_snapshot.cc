#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/time_text.h"
#include "cluster/fields.h"
#include "cluster/file_form.h"

namespace tangram::cluster {
namespace {

constexpr std::size_t kPiece = 256 * 1024;

template <HasLayout T>
const T kDefault{};

// `"name":` as it stands in the file.
template <HasLayout T, std::size_t I>
constexpr auto kKeyText = [] {
  constexpr std::string_view kName = kFieldAt<T, I>.name;
  std::array<char, kName.size() + 3> text{};
  text.front() = '"';
  std::copy(kName.begin(), kName.end(), text.begin() + 1);
  text[kName.size() + 1] = '"';
  text[kName.size() + 2] = ':';
  return text;
}();

// Gathers text and gives it on in pieces of about kPiece bytes.
class Pieces {
 public:
  explicit Pieces(const std::function<void(std::string_view)>& sink)
      : sink_(sink), buffer_(kPiece, '\0') {}

  void Put(char c) {
    if (used_ == buffer_.size()) Flush();
    buffer_[used_++] = c;
  }
  void Put(std::string_view text) {
    if (text.size() > buffer_.size() - used_) {
      Flush();
      if (text.size() > buffer_.size()) return sink_(text);
    }
    std::memcpy(buffer_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }
  template <std::size_t N>
  void Put(const std::array<char, N>& text) {
    if (N > buffer_.size() - used_) Flush();
    std::memcpy(buffer_.data() + used_, text.data(), N);
    used_ += N;
  }
  void Flush() {
    if (used_ > 0) sink_(std::string_view(buffer_).substr(0, used_));
    used_ = 0;
  }

 private:
  const std::function<void(std::string_view)>& sink_;
  std::string buffer_;
  std::size_t used_ = 0;
};

bool NeedsEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

// True where all of `text` is ASCII that stands in a file as it is. Eight bytes a step: a mask has
// the high bit of each byte that is above 0x7F, below 0x20, a quote or a backslash.
bool IsPlain(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  constexpr std::uint64_t kHighs = 0x80 * kOnes;
  const auto below = [](std::uint64_t bytes, std::uint64_t bound) {
    return (bytes - bound * kOnes) & ~bytes & kHighs;
  };
  while (text.size() >= sizeof(std::uint64_t)) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data(), sizeof(bytes));
    const std::uint64_t odd = (bytes & kHighs) | below(bytes, 0x20) |
                              below(bytes ^ ('"' * kOnes), 1) | below(bytes ^ ('\\' * kOnes), 1);
    if (odd != 0) return false;
    text.remove_prefix(sizeof(bytes));
  }
  return std::none_of(text.begin(), text.end(), [](char c) {
    return NeedsEscape(c) || static_cast<unsigned char>(c) >= 0x80;
  });
}

// The length of the UTF-8 character at the front of `text`; 0 where there is none.
std::size_t CharacterLength(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (simdjson::validate_utf8(text.data(), length)) return length;
  }
  return 0;
}

// What is not UTF-8 becomes U+FFFD, so that every file we write can be read.
std::string Repaired(std::string_view text) {
  std::string repaired;
  while (!text.empty()) {
    const std::size_t length = CharacterLength(text);
    repaired += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return repaired;
}

class Writer {
 public:
  explicit Writer(const std::function<void(std::string_view)>& sink) : out_(sink) {}

  void WriteFile(const Snapshot& snapshot) {
    out_.Put("{\"format\":\"");
    out_.Put(kSnapshotFormat);
    out_.Put("\",\n\"version\":");
    Write(std::int64_t{kSnapshotVersion}, Rules{});
    ForEachField<Snapshot>([&]<std::size_t I>() {
      constexpr const auto& kField = kFieldAt<Snapshot, I>;
      if (IsLeftOut<Snapshot, I>(snapshot)) return true;
      out_.Put(",\n");
      out_.Put(kKeyText<Snapshot, I>);
      Write(snapshot.*kField.member, kField.rules);
      return true;
    });
    out_.Put("}\n");
    out_.Flush();
  }

 private:
  // An optional field that has the value of a default-built object.
  template <HasLayout T, std::size_t I>
  static bool IsLeftOut(const T& object) {
    constexpr const auto& kField = kFieldAt<T, I>;
    if constexpr (kField.rules.need == Need::kRequired) {
      return false;
    } else if constexpr (requires { (object.*kField.member).empty(); }) {
      return (object.*kField.member).empty();
    } else if constexpr (requires { (object.*kField.member).has_value(); }) {
      return !(object.*kField.member).has_value();
    } else {
      return object.*kField.member == kDefault<T>.*kField.member;
    }
  }

  void Write(const std::string& text, const Rules&) {
    out_.Put('"');
    if (IsPlain(text)) {
      out_.Put(std::string_view(text));
    } else if (simdjson::validate_utf8(text)) {
      WriteText(text);
    } else {
      WriteText(Repaired(text));
    }
    out_.Put('"');
  }
  void WriteText(std::string_view text) {
    std::size_t done = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (!NeedsEscape(text[i])) continue;
      out_.Put(text.substr(done, i - done));
      WriteEscape(text[i]);
      done = i + 1;
    }
    out_.Put(text.substr(done));
  }
  void WriteEscape(char c) {
    if (c == '"' || c == '\\') {
      out_.Put('\\');
      out_.Put(c);
    } else if (c == '\n') {
      out_.Put("\\n");
    } else {
      out_.Put(fmt::format("\\u{:04x}", static_cast<unsigned char>(c)));
    }
  }

  void Write(std::int64_t number, const Rules&) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out_.Put(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
  }
  void Write(int number, const Rules& rules) { Write(std::int64_t{number}, rules); }
  void Write(bool value, const Rules&) { out_.Put(value ? "true" : "false"); }
  void Write(std::chrono::milliseconds span, const Rules& rules) {
    Write(std::int64_t{span.count()}, rules);
  }
  template <class Tag>
  void Write(base::Quantity<Tag> quantity, const Rules& rules) {
    Write(quantity.value(), rules);
  }
  void Write(base::Time time, const Rules&) {
    out_.Put('"');
    out_.Put(base::FormatTime(time));
    out_.Put('"');
  }
  template <HasNames T>
  void Write(T value, const Rules&) {
    out_.Put('"');
    out_.Put(NameOf(value));
    out_.Put('"');
  }
  template <class T>
  void Write(const std::optional<T>& value, const Rules& rules) {
    Write(*value, rules);  // an absent value is left out before
  }

  void Write(const Labels& labels, const Rules& rules) {
    char before = '{';
    for (const auto& [key, value] : labels) {
      out_.Put(before);
      Write(key, rules);
      out_.Put(':');
      Write(value, rules);
      before = ',';
    }
    out_.Put(labels.empty() ? "{}" : "}");
  }
  void Write(const std::vector<ResourceCount>& resources, const Rules& rules) {
    char before = '{';
    for (const ResourceCount& resource : resources) {
      out_.Put(before);
      Write(resource.name, rules);
      out_.Put(':');
      Write(resource.count, rules);
      before = ',';
    }
    out_.Put(resources.empty() ? "{}" : "}");
  }
  template <class T>
  void Write(const std::vector<T>& list, const Rules& rules) {
    WriteList(list, rules);
  }
  template <class T>
  void Write(const List<T>& list, const Rules& rules) {
    WriteList(list, rules);
  }
  template <class L>
  void WriteList(const L& list, const Rules& rules) {
    const bool rows = rules.shape == Shape::kRows;
    char before = '[';
    for (const auto& element : list) {
      out_.Put(before);
      if (rows) out_.Put('\n');
      Write(element, rules);
      before = ',';
    }
    if (list.empty()) out_.Put('[');
    if (rows) out_.Put('\n');
    out_.Put(']');
  }
  template <HasLayout T>
  void Write(const T& object, const Rules&) {
    char before = '{';
    ForEachField<T>([&]<std::size_t I>() {
      constexpr const auto& kField = kFieldAt<T, I>;
      if (IsLeftOut<T, I>(object)) return true;
      out_.Put(before);
      out_.Put(kKeyText<T, I>);
      Write(object.*kField.member, kField.rules);
      before = ',';
      return true;
    });
    out_.Put(before == '{' ? "{}" : "}");
  }

  Pieces out_;
};

}  // namespace

void WriteSnapshot(const Snapshot& snapshot, const std::function<void(std::string_view)>& sink) {
  Writer(sink).WriteFile(snapshot);
}

std::string WriteSnapshot(const Snapshot& snapshot) {
  std::string text;
  WriteSnapshot(snapshot, [&](std::string_view piece) { text += piece; });
  return text;
}

}  // namespace tangram::cluster
