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

inline constexpr int most_threads = 256;

// A barrier of spinning threads, one cache line for each. A kernel crosses thousands a second, and a futex costs as
// much as a step's arithmetic.
class Barrier {
  public:
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

// Rounds of tasks that threads share: in each round every part of the work is done once. A thread begins with parts of
// its own, whose weights are in its cache, and then takes what nobody has begun, so that one that loses its processor
// holds up only the part it is at. Who finishes a round takes the turn between rounds alone. All of it spins: a kernel
// goes through thousands of rounds a second, and a futex costs as much as a round's arithmetic.
class Rounds {
  public:
    static constexpr int most_parts = 64;

    explicit Rounds(int parts) : parts_(parts) {}

    // To be called by each of the threads: task(part) for some part of every round, and turn() after it, until turn()
    // returns false.
    template <class Task, class Turn>
    void work(int thread, int threads, Task&& task, Turn&& turn) {
        const int own = parts_ * thread / threads;
        for (std::uint64_t round = 0; round != over; round = await_end_of(round)) {
            for (int i = 0; i < parts_; ++i) {
                const int part = (own + i) % parts_;
                if (take(part, round)) {
                    task(part);
                    if (finish(round)) {
                        __atomic_store_n(&round_.value, turn() ? round + 1 : over, __ATOMIC_RELEASE);
                    }
                }
            }
        }
    }

  private:
    static constexpr std::uint64_t over = UINT64_MAX;

    // Who comes too late for a round finds all its parts taken.
    bool take(int part, std::uint64_t round) noexcept {
        return __atomic_compare_exchange_n(&next_round_[part].value, &round, round + 1, false, __ATOMIC_RELAXED,
                                           __ATOMIC_RELAXED);
    }

    bool finish(std::uint64_t round) noexcept {
        const auto parts = static_cast<std::uint64_t>(parts_);
        return __atomic_add_fetch(&finished_.value, 1, __ATOMIC_ACQ_REL) == parts * (round + 1);
    }

    std::uint64_t await_end_of(std::uint64_t round) const noexcept {
        Patience patience;
        std::uint64_t now = 0;
        while ((now = __atomic_load_n(&round_.value, __ATOMIC_ACQUIRE)) == round) {
            patience.pause();
        }
        return now;
    }

    struct alignas(64) Line {
        std::uint64_t value = 0;
    };
    int parts_;
    Line round_, finished_, next_round_[most_parts];
};

}  // namespace onelayer
