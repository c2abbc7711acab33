// Who trains which models when. Every group goes through the order stretch by stretch; a thread that is free takes the
// groups that are furthest behind. So no group waits for a thread that has lost its processor, except those it has at
// that moment, and three groups keep two threads busy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace onelayer {

class ModelTurns {
  public:
    static constexpr std::int64_t most_together = 8;

    // Some groups, to be trained through one stretch; none when all is done.
    struct Turn {
        std::array<std::int64_t, most_together> groups{};
        std::size_t count = 0;
        std::int64_t stretch = 0;
    };

    // A turn has at most `together` groups, and no more than a thread's fair share.
    ModelTurns(std::int64_t groups, std::int64_t stretches, int threads, std::int64_t together);

    // Waits while there is nothing to take but something to be done yet.
    Turn next();
    void finish(const Turn& turn);

  private:
    std::int64_t left() const;
    Turn furthest_behind();

    const std::int64_t stretches_, threads_, together_;
    std::mutex mutex_;
    std::vector<std::int64_t> done_;  // stretches, of each group
    std::vector<bool> taken_;
};

}  // namespace onelayer
