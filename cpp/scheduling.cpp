#include "scheduling.hpp"

#include <sched.h>

namespace onelayer {

void yield_processor() noexcept {
    sched_yield();
}

GroupQueue::GroupQueue(std::int64_t groups, std::int64_t segments, int threads, std::int64_t groups_per_item)
    : segments_(segments),
      threads_(threads),
      groups_per_item_(std::clamp<std::int64_t>(groups_per_item, 1, max_groups_per_item)),
      done_(static_cast<std::size_t>(groups)),
      taken_(static_cast<std::size_t>(groups)) {}

GroupQueue::~GroupQueue() = default;

GroupQueue::Item GroupQueue::take() {
    for (ONELAYER_ISA::Backoff backoff;; backoff.pause()) {
        const std::lock_guard lock(mutex_);
        const Item item = furthest_behind();
        if (item.count > 0 || unfinished() == 0) {
            return item;
        }
    }
}

void GroupQueue::finish(const Item& item) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < item.count; ++i) {
        const auto group = static_cast<std::size_t>(item.groups[i]);
        ++done_[group];
        taken_[group] = false;
    }
}

// Groups that have not been through all segments.
std::int64_t GroupQueue::unfinished() const {
    return std::count_if(done_.begin(), done_.end(), [&](std::int64_t done) { return done < segments_; });
}

GroupQueue::Item GroupQueue::furthest_behind() {
    Item item;
    item.segment = segments_;
    for (std::size_t i = 0; i < done_.size(); ++i) {
        if (!taken_[i]) {
            item.segment = std::min(item.segment, done_[i]);
        }
    }
    const std::int64_t equal_share = (unfinished() + threads_ - 1) / threads_;
    const auto limit = static_cast<std::size_t>(std::min(equal_share, groups_per_item_));
    for (std::size_t i = 0; i < done_.size() && item.count < limit && item.segment < segments_; ++i) {
        if (!taken_[i] && done_[i] == item.segment) {
            taken_[i] = true;
            item.groups[item.count++] = static_cast<std::int64_t>(i);
        }
    }
    return item;
}

}  // namespace onelayer
