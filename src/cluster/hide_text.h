// Sentences and expressions without the names that stand in them.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "cluster/name_hasher.h"

namespace tangram::cluster {

// A sentence word by word: plain words and numbers stay, each other word becomes a digest; a word
// of `nodes` becomes the node's digest.
std::string HideNames(std::string_view sentence, const std::unordered_set<std::string>& nodes,
                      NameHasher& hasher);

// A CEL expression: DRA's own identifiers and texts about hardware stay, each other identifier and
// text becomes a digest. Safe on what is no CEL: nothing else than those is ever let through.
std::string HideCel(std::string_view expression, NameHasher& hasher);

}  // namespace tangram::cluster
