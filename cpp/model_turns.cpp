#include "model_turns.hpp"

#include <algorithm>

#include "team.hpp"

namespace onelayer {

ModelTurns::ModelTurns(std::int64_t groups, std::int64_t stretches, int threads, std::int64_t together)
    : stretches_(stretches),
      threads_(threads),
      together_(std::clamp<std::int64_t>(together, 1, most_together)),
      done_(static_cast<std::size_t>(groups)),
      taken_(static_cast<std::size_t>(groups)) {}

ModelTurns::Turn ModelTurns::next() {
    for (Patience patience;; patience.pause()) {
        const std::lock_guard lock(mutex_);
        const Turn turn = furthest_behind();
        if (turn.count > 0 || left() == 0) {
            return turn;
        }
    }
}

void ModelTurns::finish(const Turn& turn) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < turn.count; ++i) {
        const auto group = static_cast<std::size_t>(turn.groups[i]);
        ++done_[group];
        taken_[group] = false;
    }
}

// Groups that have not been through the whole order.
std::int64_t ModelTurns::left() const {
    return std::count_if(done_.begin(), done_.end(), [&](std::int64_t done) { return done < stretches_; });
}

ModelTurns::Turn ModelTurns::furthest_behind() {
    Turn turn;
    turn.stretch = stretches_;
    for (std::size_t i = 0; i < done_.size(); ++i) {
        if (!taken_[i]) {
            turn.stretch = std::min(turn.stretch, done_[i]);
        }
    }
    const std::int64_t fair = (left() + threads_ - 1) / threads_;
    const auto most = static_cast<std::size_t>(std::min(fair, together_));
    for (std::size_t i = 0; i < done_.size() && turn.count < most && turn.stretch < stretches_; ++i) {
        if (!taken_[i] && done_[i] == turn.stretch) {
            taken_[i] = true;
            turn.groups[turn.count++] = static_cast<std::int64_t>(i);
        }
    }
    return turn;
}

}  // namespace onelayer
