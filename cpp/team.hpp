// The engine's own threads. A team is lent to one call at a time, so that calls from several Python threads run side by
// side, and it keeps its workspace between calls, because fresh pages cost more than a small epoch.
#pragma once

#include <cstddef>
#include <cstdint>

namespace onelayer {

class Team {
  public:
    // Runs body(context, thread) for every thread in [0, threads), thread 0 being the caller; returns when all are
    // done.
    void run(int threads, void (*body)(void*, int), void* context);

    template <class Body>
    void run(int threads, Body&& body) {
        run(threads, [](void* context, int thread) { (*static_cast<Body*>(context))(thread); }, &body);
    }

    // At least this many bytes, aligned to a page; what an earlier call left there may still be in it. Throws
    // std::bad_alloc.
    void* workspace(std::size_t bytes);

    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

  private:
    friend class TeamLease;
    struct State;
    Team();
    ~Team();
    State* state_;
};

// Borrows a team for as long as it lives. After a fork the child starts with none: threads do not survive it.
class TeamLease {
  public:
    TeamLease();
    ~TeamLease();
    TeamLease(const TeamLease&) = delete;
    TeamLease& operator=(const TeamLease&) = delete;
    Team& operator*() const { return *team_; }

  private:
    Team* team_;
    void* home_;
};

// Lets other threads of the processor go first for a moment, longer the longer one has waited.
class Patience {
  public:
    void pause() noexcept {
        // 200 pauses are about 10 µs: longer than a step is unbalanced by. Who hasn't come by then has lost its
        // processor, and may need this one.
        if (++waited_ < 200) {
#if defined(__x86_64__)
            __builtin_ia32_pause();
#elif defined(__aarch64__)
            __asm__ __volatile__("yield");
#endif
        } else {
            give_way();
        }
    }
    bool exhausted(int limit) const noexcept { return waited_ > limit; }

  private:
    static void give_way() noexcept;
    int waited_ = 0;
};

// A barrier of spinning threads, one cache line for each. A kernel crosses thousands a second, and a futex costs as
// much as a step's arithmetic.
class Barrier {
  public:
    static constexpr int most_threads = 256;

    // Says that `thread` has reached its round `round` (from 1, rising), then waits until all others have.
    void arrive_and_wait(int thread, int threads, std::uint64_t round) noexcept {
        __atomic_store_n(&reached_[thread].round, round, __ATOMIC_RELEASE);
        for (int other = 0; other < threads; ++other) {
            Patience patience;
            while (__atomic_load_n(&reached_[other].round, __ATOMIC_ACQUIRE) < round) {
                patience.pause();
            }
        }
    }

  private:
    struct alignas(64) Line {
        std::uint64_t round = 0;
    };
    Line reached_[most_threads];
};

}  // namespace onelayer
