// Where threads run. A thread that is woken may be queued behind the thread that wakes it and be left there for
// milliseconds, as long as an epoch of a small set takes, with another processor idle.
#pragma once

#include <pthread.h>
#include <sched.h>

namespace onelayer {

#if defined(__linux__)

// Keeps a thread off the processor of the one that wakes it, until it has begun to run.
class Elsewhere {
  public:
    // To be called by the other thread, before it wakes this one. Where a system refuses, all stays as it was.
    void send(pthread_t thread) noexcept {
        if (pthread_getaffinity_np(thread, sizeof anywhere_, &anywhere_) != 0) {
            return;
        }
        cpu_set_t others = anywhere_;
        CPU_CLR(static_cast<unsigned>(sched_getcpu()), &others);
        sent_ = CPU_COUNT(&others) > 0 && pthread_setaffinity_np(thread, sizeof others, &others) == 0;
    }

    // To be called by the thread itself: from now on the system may move it as it likes.
    void arrive() noexcept {
        if (sent_) {
            pthread_setaffinity_np(pthread_self(), sizeof anywhere_, &anywhere_);
            sent_ = false;
        }
    }

  private:
    cpu_set_t anywhere_;
    bool sent_ = false;
};

#else

class Elsewhere {
  public:
    void send(pthread_t) noexcept {}
    void arrive() noexcept {}
};

#endif

}  // namespace onelayer
