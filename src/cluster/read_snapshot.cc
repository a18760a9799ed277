#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <new>

#include "base/file.h"
#include "cluster/check.h"
#include "cluster/file_form.h"
#include "cluster/read_value.h"

namespace tangram::cluster {
namespace {

using base::ErrorCode;
using base::Fail;
using Extra = ValueReader::Extra;

constexpr std::string_view kNewOne = "write one with 'tangram snapshot'";

// The two fields of the file that the model does not have.
class Header {
 public:
  Extra Take(FieldCursor& cursor, ValueReader& reader) {
    if (cursor.KeyIs<6>("format")) return TakeOnce(format_, cursor, reader, "format");
    if (cursor.KeyIs<7>("version")) return TakeOnce(version_, cursor, reader, "version");
    return Extra::kUnknown;
  }
  bool HasFormat() const { return format_ == kSnapshotFormat; }
  bool HasVersion() const { return version_.has_value(); }

 private:
  template <class T>
  Extra TakeOnce(std::optional<T>& field, FieldCursor& cursor, ValueReader& reader,
                 std::string_view name) {
    reader.fault().Within(name);
    if (field) {
      reader.Refuse("the field is there twice; keep one");
      return Extra::kFailed;
    }
    if (!reader.Read(cursor.value(), field, MustBetween(1, kSnapshotVersion))) {
      return Extra::kFailed;
    }
    reader.fault() = Fault();
    return Extra::kTaken;
  }

  std::optional<std::string> format_;
  std::optional<std::int64_t> version_;
};

std::size_t LineAt(std::string_view text, std::size_t offset) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
  return 1 + static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
}

// The first line that is not UTF-8. A line end is never inside a character.
std::size_t LineOfBadUtf8(std::string_view text) {
  std::size_t line = 1;
  while (true) {
    const auto end = text.find('\n');
    if (!simdjson::validate_utf8(text.substr(0, end)) || end == std::string_view::npos) return line;
    text.remove_prefix(end + 1);
    ++line;
  }
}

std::string WhyNotJson(simdjson::error_code error, std::string_view text, std::size_t line) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return fmt::format("line {} is not UTF-8; {}", LineOfBadUtf8(text), kNewOne);
    case simdjson::UNESCAPED_CHARS:
      return "a text holds a control character that is not escaped (as \\n); escape it";
    case simdjson::UNCLOSED_STRING:
      return "a text has no closing \"; the file may be cut short";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "it does not end with the closing } of the snapshot; the file may be cut short, or "
             "something follows the snapshot";
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
      return fmt::format("there is not enough memory to read {} bytes", text.size());
    default:
      return fmt::format("line {} is not JSON ({})", line, simdjson::error_message(error));
  }
}

// Says so where the file is not a snapshot of this version; nullopt where it is, or where its
// syntax does not let us tell.
std::optional<std::string> WhyNotOurs(simdjson::ondemand::document& document) {
  std::string_view format;
  const auto error = document.find_field_unordered("format").get(format);
  const bool known = error == simdjson::SUCCESS || error == simdjson::NO_SUCH_FIELD ||
                     error == simdjson::INCORRECT_TYPE;
  if (!known) return std::nullopt;
  if (error != simdjson::SUCCESS || format != kSnapshotFormat) {
    const std::string found = error == simdjson::SUCCESS         ? '"' + Shown(format) + '"'
                              : error == simdjson::NO_SUCH_FIELD ? "missing"
                                                                 : "no text";
    return fmt::format("this is not a Tangram snapshot (\"format\" is {}, not \"{}\"); {}", found,
                       kSnapshotFormat, kNewOne);
  }
  std::int64_t version = 0;
  document.rewind();
  if (document.find_field_unordered("version").get(version)) return std::nullopt;
  if (version <= kSnapshotVersion) return std::nullopt;
  return fmt::format("this file is version {}; this tangram reads {}: use a newer tangram", version,
                     kSnapshotVersion);
}

class FileReader {
 public:
  explicit FileReader(simdjson::padded_string_view text)
      : text_(text), values_(text.data() + text.size()) {}

  base::Result<Snapshot> Read() {
    if (Trimmed().empty()) return Problem("the file is empty; " + std::string(kNewOne));
    if (Trimmed().front() != '{') {
      return Problem(fmt::format("this is not a Tangram snapshot (it starts with \"{}\"); {}",
                                 Shown(Trimmed().substr(0, 8)), kNewOne));
    }
    if (const auto error = parser_.iterate(text_).get(document_)) {
      return Problem(WhyNotJson(error, Text(), 1));
    }
    Snapshot snapshot;
    if (!ReadTop(snapshot)) return tl::unexpected(Explain());
    if (const auto fault = Check(snapshot)) return tl::unexpected(fault->ToError());
    Normalize(snapshot);
    return snapshot;
  }

 private:
  std::string_view Text() const { return {text_.data(), text_.size()}; }
  std::string_view Trimmed() const {
    const auto first = Text().find_first_not_of(" \t\r\n");
    return first == std::string_view::npos ? std::string_view() : Text().substr(first);
  }
  static tl::unexpected<base::Error> Problem(const std::string& what) {
    return Fail(ErrorCode::kInvalid, "snapshot: " + what);
  }

  bool ReadTop(Snapshot& snapshot) {
    simdjson::ondemand::object object;
    if (const auto error = document_.get_object().get(object)) return values_.Malformed(error);
    Header header;
    const auto take = [&](FieldCursor& cursor) { return header.Take(cursor, values_); };
    if (!values_.ReadFields(object, snapshot, take)) return false;
    if (!header.HasFormat()) return values_.Refuse("the field \"format\" is missing or wrong");
    if (!header.HasVersion()) return values_.Refuse("the field \"version\" is missing; add it");
    // No token is left after the closing brace.
    if (document_.current_location().error() == simdjson::SUCCESS) {
      return values_.Refuse("something follows the closing } of the snapshot; remove it");
    }
    return true;
  }

  // A fault in the values of a file that is not ours, or of a later version, is not the news.
  base::Error Explain() {
    const char* where = nullptr;
    const bool known = document_.current_location().get(where) == simdjson::SUCCESS;
    const auto offset = known ? static_cast<std::size_t>(where - text_.data()) : text_.size();
    // Once more from the start: a document is not usable after a syntax error.
    if (parser_.iterate(text_).get(document_) == simdjson::SUCCESS) {
      if (const auto why = WhyNotOurs(document_)) return Problem(*why).value();
    }
    if (values_.syntax() == simdjson::SUCCESS) return values_.fault().ToError();
    values_.Refuse(WhyNotJson(values_.syntax(), Text(), LineAt(Text(), offset)));
    return values_.fault().ToError();
  }

  simdjson::padded_string_view text_;
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
  ValueReader values_;
};

base::Result<Snapshot> ReadPadded(simdjson::padded_string_view text) {
  try {
    return FileReader(text).Read();
  } catch (const std::bad_alloc&) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("snapshot: there is not enough memory to read {} bytes", text.size()));
  }
}

}  // namespace

base::Result<Snapshot> ReadSnapshot(std::string_view json) {
  if (json.size() > kMostSnapshotBytes) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("snapshot: {} bytes are more than the {} that are read", json.size(),
                            kMostSnapshotBytes));
  }
  const simdjson::padded_string padded(json);
  return ReadPadded(padded);
}

base::Result<Snapshot> ReadSnapshotFile(const std::string& path) {
  const auto file = base::LoadFile(
      path, {.most_bytes = kMostSnapshotBytes, .zeros_behind = simdjson::SIMDJSON_PADDING});
  if (!file) return base::Wrap(file.error(), "snapshot");
  const std::string_view text = file->text();
  auto snapshot =
      ReadPadded(simdjson::padded_string_view(text.data(), text.size(), file->capacity()));
  if (!snapshot) return base::Wrap(snapshot.error(), fmt::format("file \"{}\"", path));
  return snapshot;
}

}  // namespace tangram::cluster
