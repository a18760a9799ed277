#include "adapter/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace tangram::adapter {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest, in the form of gzip
constexpr std::size_t kChunk = std::size_t{64} << 10;

base::Error Broken() { return {base::ErrorCode::kInvalid, "it is not whole gzip"}; }

// zlib counts in unsigned int and does not write to what it reads.
void GiveInput(z_stream& stream, std::string_view& left) {
  const std::size_t part = std::min<std::size_t>(left.size(), std::numeric_limits<unsigned>::max());
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(left.data()));  // NOLINT
  stream.avail_in = static_cast<unsigned>(part);
  left.remove_prefix(part);
}

// Adds a chunk of what `step` gives; returns zlib's answer.
template <class Step>
int Turn(z_stream& stream, std::string& out, const Step& step) {
  const std::size_t before = out.size();
  out.resize(before + kChunk);
  stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);  // NOLINT
  stream.avail_out = kChunk;
  const int answer = step();
  out.resize(before + kChunk - stream.avail_out);
  return answer;
}

}  // namespace

std::string Gzip(std::string_view text) {
  z_stream stream{};
  std::string out;
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
  int answer = Z_OK;
  do {
    if (stream.avail_in == 0) GiveInput(stream, text);
    const int flush = text.empty() ? Z_FINISH : Z_NO_FLUSH;
    answer = Turn(stream, out, [&] { return deflate(&stream, flush); });
  } while (answer == Z_OK || answer == Z_BUF_ERROR);
  deflateEnd(&stream);
  return out;
}

base::Result<std::string> Gunzip(std::string_view packed, std::size_t most) {
  z_stream stream{};
  std::string out;
  inflateInit2(&stream, kGzipWindow);
  int answer = Z_OK;
  while (answer == Z_OK && out.size() <= most) {
    if (stream.avail_in == 0) GiveInput(stream, packed);
    answer = Turn(stream, out, [&] { return inflate(&stream, Z_NO_FLUSH); });
  }
  const bool whole = answer == Z_STREAM_END && stream.avail_in == 0 && packed.empty();
  inflateEnd(&stream);
  if (out.size() > most) {
    return base::Fail(base::ErrorCode::kInvalid, "it is longer than it may be, unpacked");
  }
  if (!whole) return tl::unexpected(Broken());
  return out;
}

}  // namespace tangram::adapter
