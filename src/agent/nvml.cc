#include "agent/nvml.h"

#include <utility>

namespace tangram::agent {

base::Result<Inventory> ReadInventory(Nvml& nvml, base::Time taken_at) {
  auto driver = nvml.ReadDriver();
  if (!driver) return tl::unexpected(driver.error());
  Inventory inventory{.taken_at = taken_at, .driver = std::move(*driver), .cards = {}, .links = {}};
  for (int index = 0; index < inventory.driver.cards; ++index) {
    auto card = nvml.ReadCard(index);
    if (card) {
      inventory.cards.push_back(std::move(*card));
    } else {
      Card& unread = inventory.cards.emplace_back();
      unread.index = index;
      unread.state = CardState::kUnreadable;
      unread.problems = {{"card", card.error().message}};
    }
  }
  auto links = nvml.ReadLinks(inventory.cards);
  if (links) {
    inventory.links = std::move(*links);
  } else {
    inventory.links.problems = {{"links", links.error().message}};
  }
  return inventory;
}

}  // namespace tangram::agent
