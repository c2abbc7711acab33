// How threads share work and wait for each other: a spin-wait with backoff, a barrier, rounds with work stealing, and
// two work queues.
//
// Threads wait by spinning. A kernel synchronises thousands of times a second, and putting a thread to sleep and waking
// it costs as much as the arithmetic between two such points.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "thread_pool.hpp"

namespace onelayer {

// Offers the processor to other threads.
void yield_processor() noexcept;

namespace ONELAYER_ISA {

// Spin-wait backoff: short pauses at first; after a while each wait offers the processor to other threads.
class Backoff {
  public:
    void pause() noexcept {
        // 200 pauses take about 10 µs, longer than equal shares of work differ. A thread that is still missing by then
        // has lost its processor, and may need this one.
        if (++pauses_ < 200) {
#if defined(__x86_64__)
            __builtin_ia32_pause();
#elif defined(__aarch64__)
            __asm__ __volatile__("yield");
#endif
        } else {
            yield_processor();
        }
    }
    bool exceeds(int limit) const noexcept { return pauses_ > limit; }

  private:
    int pauses_ = 0;
};

// A barrier of spinning threads. Each thread writes a cache line of its own.
class Barrier {
  public:
    // Says that `thread` has reached round `round` (1, 2, …), then waits until all others have.
    void arrive_and_wait(int thread, int threads, std::uint64_t round) noexcept {
        __atomic_store_n(&reached_[thread].round, round, __ATOMIC_RELEASE);
        for (int other = 0; other < threads; ++other) {
            Backoff backoff;
            while (__atomic_load_n(&reached_[other].round, __ATOMIC_ACQUIRE) < round) {
                backoff.pause();
            }
        }
    }

  private:
    struct alignas(64) Line {
        std::uint64_t round = 0;
    };
    Line reached_[max_threads];
};

// Rounds of tasks with work stealing: in each round every part of the work is done once. A thread first does the parts
// that belong to it, whose weights are in its cache, and then steals parts that nobody has begun. So a thread that
// loses its processor delays only the part it is working on. Where each thread owns a single part, it waits a while
// before it steals: two threads that write to one cache line slow each other down.
class RoundScheduler {
  public:
    static constexpr int max_parts = 64;

    explicit RoundScheduler(int parts) : parts_(parts) {}

    // To be called by each thread, with its own callbacks: next() before every round says whether there is one;
    // task(part) does a part, and what it writes is seen by all threads in the next round; idle() is called once a
    // round, when the thread has done its own parts.
    template <class Next, class Task, class Idle>
    void run(int thread, int threads, Next&& next, Task&& task, Idle&& idle) {
        const int first = parts_ * thread / threads, last = parts_ * (thread + 1) / threads;
        const int pauses_before_stealing = parts_ > threads ? 0 : 200;
        for (std::uint64_t round = 0; next(); ++round) {
            for (int part = first; part < last; ++part) {
                try_part(part, round, task);
            }
            idle();
            for (int i = 0; i < parts_; ++i) {
                const int part = (last + i) % parts_;
                for (Backoff backoff; !is_done(part, round); backoff.pause()) {
                    if (backoff.exceeds(pauses_before_stealing - 1)) {
                        try_part(part, round, task);
                    }
                }
            }
        }
    }

  private:
    // Does the part unless another thread has claimed it for this round. A thread that is late for a round finds all
    // its parts claimed.
    template <class Task>
    void try_part(int part, std::uint64_t round, Task&& task) {
        std::uint64_t& claimed = claimed_[part].rounds;
        if (__atomic_load_n(&claimed, __ATOMIC_RELAXED) != round) {
            return;
        }
        std::uint64_t expected = round;
        if (__atomic_compare_exchange_n(&claimed, &expected, round + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            task(part);
            __atomic_store_n(&done_[part].rounds, round + 1, __ATOMIC_RELEASE);
        }
    }

    bool is_done(int part, std::uint64_t round) const noexcept {
        return __atomic_load_n(&done_[part].rounds, __ATOMIC_ACQUIRE) > round;
    }

    struct alignas(128) Line {  // processors often fetch two cache lines together
        std::uint64_t rounds = 0;
    };
    int parts_;
    Line claimed_[max_parts], done_[max_parts];
};

// Hands out the numbers 0 … count − 1 to threads. While more than one for each thread is left, a thread takes its next
// number before it works on the present one, so that it can prefetch the data; near the end it does not, because then
// another thread would have nothing to do.
class ChunkQueue {
  public:
    ChunkQueue(std::int64_t count, int threads) : count_(count), threads_(threads) {}

    // work(chunk, next) for every number that the calling thread gets; next is `count` where it is not known yet.
    template <class Work>
    void consume(Work&& work) {
        for (std::int64_t chunk = take(), next; chunk < count_; chunk = next < count_ ? next : take()) {
            next = is_long() ? take() : count_;
            work(chunk, next);
        }
    }

  private:
    bool is_long() const noexcept { return count_ - __atomic_load_n(&next_, __ATOMIC_RELAXED) > threads_; }
    std::int64_t take() noexcept { return std::min(count_, __atomic_fetch_add(&next_, 1, __ATOMIC_RELAXED)); }

    std::int64_t count_, next_ = 0;
    int threads_;
};

}  // namespace ONELAYER_ISA

// The work queue of a training of many models. The order of rows is cut into segments, and every group of models goes
// through them one after another; a free thread takes the groups that are furthest behind. So a group waits only for a
// thread that has it at the moment, and three groups keep two threads busy.
class GroupQueue {
  public:
    static constexpr std::int64_t max_groups_per_item = 8;

    // Some groups, to be trained through one segment; no groups when all is done.
    struct Item {
        std::array<std::int64_t, max_groups_per_item> groups{};
        std::size_t count = 0;
        std::int64_t segment = 0;
    };

    // An item has at most `groups_per_item` groups, and no more than a thread's equal share.
    GroupQueue(std::int64_t groups, std::int64_t segments, int threads, std::int64_t groups_per_item);

    ~GroupQueue();

    // Waits while every unfinished group is with another thread.
    Item take();
    void finish(const Item& item);

  private:
    std::int64_t unfinished() const;
    Item furthest_behind();

    const std::int64_t segments_, threads_, groups_per_item_;
    std::mutex mutex_;
    std::vector<std::int64_t> done_;  // segments, of each group
    std::vector<bool> taken_;
};

}  // namespace onelayer
