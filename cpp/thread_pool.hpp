// The engine's own threads. A pool is lent to one call at a time, so that calls from several Python threads run side by
// side. It keeps its workspace between calls, because touching fresh pages costs more than an epoch on a small set.
#pragma once

#include <cstddef>

namespace onelayer {

inline constexpr int max_threads = 256;

class ThreadPool {
  public:
    // Runs body(context, thread) for every thread in [0, threads), thread 0 being the caller; returns when all are
    // done.
    void run(int threads, void (*body)(void*, int), void* context);

    template <class Body>
    void run(int threads, Body&& body) {
        run(threads, [](void* context, int thread) { (*static_cast<Body*>(context))(thread); }, &body);
    }

    // At least this many bytes, aligned to a page. They are not cleared: an earlier call's data may still be there.
    // Throws std::bad_alloc.
    void* workspace(std::size_t bytes);

    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

  private:
    friend class PoolLease;
    struct State;
    ThreadPool();
    ~ThreadPool();
    State* state_;
};

// Borrows a pool for as long as it lives. After a fork the child starts with no pools, since threads do not survive it.
class PoolLease {
  public:
    PoolLease();
    ~PoolLease();
    PoolLease(const PoolLease&) = delete;
    PoolLease& operator=(const PoolLease&) = delete;
    ThreadPool& operator*() const { return *pool_; }

  private:
    ThreadPool* pool_;
    void* owner_;
};

}  // namespace onelayer
