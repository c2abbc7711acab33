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

// Rounds of tasks that threads share: in each round every part of the work is done once. A thread does parts of its
// own, whose weights are in its cache, then what nobody has begun, so that one that loses its processor holds up only
// the part it is at. Where each thread has one part it looks at others' only after a while: a line of the cache that
// two threads write costs both of them. All of it spins: a kernel goes through thousands of rounds a second, and a
// futex costs as much as a round's arithmetic.
class Rounds {
  public:
    static constexpr int most_parts = 64;

    explicit Rounds(int parts) : parts_(parts) {}

    // To be called by each of the threads. next() is called before every round, and says whether there is one;
    // task(part) for some parts of the round, and what they wrote is seen by all in the next one; spare() when a thread
    // has nothing of its own left to do.
    template <class Next, class Task, class Spare>
    void work(int thread, int threads, Next&& next, Task&& task, Spare&& spare) {
        const int first = parts_ * thread / threads, last = parts_ * (thread + 1) / threads;
        const int shy = parts_ > threads ? 0 : 200;
        for (std::uint64_t round = 0; next(); ++round) {
            for (int part = first; part < last; ++part) {
                attempt(part, round, task);
            }
            spare();
            for (int i = 0; i < parts_; ++i) {
                const int part = (last + i) % parts_;
                for (Patience patience; !is_done(part, round); patience.pause()) {
                    if (patience.exhausted(shy - 1)) {
                        attempt(part, round, task);
                    }
                }
            }
        }
    }

  private:
    // Who comes too late for a round finds its parts taken.
    template <class Task>
    void attempt(int part, std::uint64_t round, Task&& task) {
        std::uint64_t& begun = begun_[part].rounds;
        if (__atomic_load_n(&begun, __ATOMIC_RELAXED) != round) {
            return;
        }
        std::uint64_t expected = round;
        if (__atomic_compare_exchange_n(&begun, &expected, round + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            task(part);
            __atomic_store_n(&done_[part].rounds, round + 1, __ATOMIC_RELEASE);
        }
    }

    bool is_done(int part, std::uint64_t round) const noexcept {
        return __atomic_load_n(&done_[part].rounds, __ATOMIC_ACQUIRE) > round;
    }

    struct alignas(128) Line {  // two lines are often brought together
        std::uint64_t rounds = 0;
    };
    int parts_;
    Line begun_[most_parts], done_[most_parts];
};

}  // namespace onelayer
