// Whether this build carries a sanitizer: laws then look at fewer instances, each of which takes
// ten to a hundred times as long.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TANGRAM_SANITIZED 1
#endif
#endif

namespace tangram::base {

#if defined(TANGRAM_SANITIZED)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace tangram::base
