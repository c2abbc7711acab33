#include "thread_pool.hpp"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "scheduling.hpp"

namespace onelayer {

namespace {

using ONELAYER_ISA::Backoff;

// Sets the processor affinity of a thread that is to be woken, so that it does not start on the processor of the thread
// that wakes it. There it would be queued behind that thread for milliseconds, as long as an epoch on a small set
// takes, even with another processor idle.
class WakeAffinity {
  public:
#if defined(__linux__)
    // To be called by the waking thread. Where the system refuses, nothing changes.
    void exclude_this_processor(pthread_t thread) noexcept {
        if (pthread_getaffinity_np(thread, sizeof allowed_, &allowed_) != 0) {
            return;
        }
        cpu_set_t others = allowed_;
        CPU_CLR(static_cast<unsigned>(sched_getcpu()), &others);
        is_limited_ = CPU_COUNT(&others) > 0 && pthread_setaffinity_np(thread, sizeof others, &others) == 0;
    }

    // To be called by the woken thread: from now on the system may move it as it likes.
    void restore() noexcept {
        if (is_limited_) {
            pthread_setaffinity_np(pthread_self(), sizeof allowed_, &allowed_);
            is_limited_ = false;
        }
    }

  private:
    cpu_set_t allowed_;
    bool is_limited_ = false;
#else
    void exclude_this_processor(pthread_t) noexcept {}
    void restore() noexcept {}
#endif
};

struct Task {
    void (*body)(void*, int) = nullptr;
    void* context = nullptr;
};

// One thread that waits for tasks: spinning for a while, since calls follow one another closely, then asleep.
class Worker {
  public:
    explicit Worker(int number) : number_(number), thread_([this] { run_tasks(); }) {}

    ~Worker() {
        submit({});  // a task without a body ends the thread
        thread_.join();
    }

    void submit(Task task) {
        task_ = task;
        if (asleep_.load()) {
            affinity_.exclude_this_processor(thread_.native_handle());
        }
        submitted_.fetch_add(1);
        if (asleep_.load()) {
            const std::lock_guard lock(mutex_);
            wake_.notify_one();
        }
    }

    void wait() const {
        Backoff backoff;
        while (finished_.load(std::memory_order_acquire) != submitted_.load(std::memory_order_relaxed)) {
            backoff.pause();
        }
    }

  private:
    static constexpr int pauses_before_sleep = 1000;  // about half a millisecond, most of it offered to other threads

    void run_tasks() {
        for (unsigned next = 1;; ++next) {
            Backoff backoff;
            while (submitted_.load() != next && !backoff.exceeds(pauses_before_sleep)) {
                backoff.pause();
            }
            if (submitted_.load() != next) {
                sleep_until(next);
            }
            affinity_.restore();
            const Task task = task_;
            if (task.body == nullptr) {
                return;
            }
            task.body(task.context, number_);
            finished_.store(next, std::memory_order_release);
        }
    }

    void sleep_until(unsigned next) {
        std::unique_lock lock(mutex_);
        asleep_.store(true);
        wake_.wait(lock, [&] { return submitted_.load() == next; });
        asleep_.store(false);
    }

    const int number_;
    Task task_;
    WakeAffinity affinity_;
    std::atomic<unsigned> submitted_{0}, finished_{0};
    std::atomic<bool> asleep_{false};
    std::mutex mutex_;
    std::condition_variable wake_;
    std::thread thread_;
};

// The pools of this process that are not lent.
struct IdlePools {
    std::mutex mutex;
    std::vector<ThreadPool*> pools;
};

std::atomic<IdlePools*> idle_pools{nullptr};

IdlePools* pools_of_this_process() {
    static const int registered = pthread_atfork(nullptr, nullptr, [] { idle_pools.store(nullptr); });
    (void)registered;
    IdlePools* known = idle_pools.load();
    if (known == nullptr) {
        auto* fresh = new IdlePools;
        if (idle_pools.compare_exchange_strong(known, fresh)) {
            return fresh;
        }
        delete fresh;
    }
    return known;
}

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};

}  // namespace

struct ThreadPool::State {
    std::vector<std::unique_ptr<Worker>> workers;
    std::unique_ptr<void, Free> memory;
    std::size_t bytes = 0;
};

ThreadPool::ThreadPool() : state_(new State) {}
ThreadPool::~ThreadPool() {
    delete state_;
}

void ThreadPool::run(int threads, void (*body)(void*, int), void* context) {
    auto& workers = state_->workers;
    while (static_cast<int>(workers.size()) < threads - 1) {
        workers.push_back(std::make_unique<Worker>(static_cast<int>(workers.size()) + 1));
    }
    for (int i = 0; i < threads - 1; ++i) {
        workers[static_cast<std::size_t>(i)]->submit({body, context});
    }
    body(context, 0);
    for (int i = 0; i < threads - 1; ++i) {
        workers[static_cast<std::size_t>(i)]->wait();
    }
}

void* ThreadPool::workspace(std::size_t bytes) {
    constexpr std::size_t page = 4096;
    if (bytes > state_->bytes) {
        state_->memory.reset();
        state_->bytes = 0;
        const std::size_t rounded = (bytes + page - 1) / page * page;
        state_->memory.reset(std::aligned_alloc(page, rounded));
        if (!state_->memory) {
            throw std::bad_alloc();
        }
        state_->bytes = rounded;
    }
    return state_->memory.get();
}

PoolLease::PoolLease() : pool_(nullptr), owner_(pools_of_this_process()) {
    auto* idle = static_cast<IdlePools*>(owner_);
    const std::lock_guard lock(idle->mutex);
    if (idle->pools.empty()) {
        pool_ = new ThreadPool;
    } else {
        pool_ = idle->pools.back();
        idle->pools.pop_back();
    }
}

PoolLease::~PoolLease() {
    constexpr std::size_t max_kept_bytes = std::size_t{64} << 20;
    if (pool_->state_->bytes > max_kept_bytes) {
        pool_->state_->memory.reset();
        pool_->state_->bytes = 0;
    }
    auto* idle = static_cast<IdlePools*>(owner_);
    const std::lock_guard lock(idle->mutex);
    idle->pools.push_back(pool_);
}

}  // namespace onelayer
