#include "team.hpp"

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

#include "elsewhere.hpp"

namespace onelayer {

namespace {

struct Task {
    void (*body)(void*, int) = nullptr;
    void* context = nullptr;
};

// One thread that waits for tasks: spinning for a while, since calls follow one another closely, then asleep.
class Worker {
  public:
    explicit Worker(int number) : number_(number), thread_([this] { serve(); }) {}

    ~Worker() {
        give({});
        thread_.join();
    }

    void give(Task task) {
        task_ = task;
        if (asleep_.load()) {
            elsewhere_.send(thread_.native_handle());
        }
        given_.fetch_add(1);
        if (asleep_.load()) {
            const std::lock_guard lock(mutex_);
            wake_.notify_one();
        }
    }

    void wait() const {
        Patience patience;
        while (done_.load(std::memory_order_acquire) != given_.load(std::memory_order_relaxed)) {
            patience.pause();
        }
    }

  private:
    static constexpr int spins = 1000;  // about half a millisecond, most of it giving way

    void serve() {
        for (unsigned next = 1;; ++next) {
            Patience patience;
            while (given_.load() != next && !patience.exhausted(spins)) {
                patience.pause();
            }
            if (given_.load() != next) {
                sleep_until(next);
            }
            elsewhere_.arrive();
            const Task task = task_;
            if (task.body == nullptr) {
                return;
            }
            task.body(task.context, number_);
            done_.store(next, std::memory_order_release);
        }
    }

    void sleep_until(unsigned next) {
        std::unique_lock lock(mutex_);
        asleep_.store(true);
        wake_.wait(lock, [&] { return given_.load() == next; });
        asleep_.store(false);
    }

    const int number_;
    Task task_;
    Elsewhere elsewhere_;
    std::atomic<unsigned> given_{0}, done_{0};
    std::atomic<bool> asleep_{false};
    std::mutex mutex_;
    std::condition_variable wake_;
    std::thread thread_;
};

// The teams of this process that nobody has borrowed.
struct Home {
    std::mutex mutex;
    std::vector<Team*> idle;
};

std::atomic<Home*> home{nullptr};

Home* current_home() {
    static const int registered = pthread_atfork(nullptr, nullptr, [] { home.store(nullptr); });
    (void)registered;
    Home* known = home.load();
    if (known == nullptr) {
        auto* fresh = new Home;
        if (home.compare_exchange_strong(known, fresh)) {
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

struct Team::State {
    std::vector<std::unique_ptr<Worker>> workers;
    std::unique_ptr<void, Free> memory;
    std::size_t bytes = 0;
};

Team::Team() : state_(new State) {}
Team::~Team() {
    delete state_;
}

void Team::run(int threads, void (*body)(void*, int), void* context) {
    auto& workers = state_->workers;
    while (static_cast<int>(workers.size()) < threads - 1) {
        workers.push_back(std::make_unique<Worker>(static_cast<int>(workers.size()) + 1));
    }
    for (int i = 0; i < threads - 1; ++i) {
        workers[static_cast<std::size_t>(i)]->give({body, context});
    }
    body(context, 0);
    for (int i = 0; i < threads - 1; ++i) {
        workers[static_cast<std::size_t>(i)]->wait();
    }
}

void* Team::workspace(std::size_t bytes) {
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

TeamLease::TeamLease() : team_(nullptr), home_(current_home()) {
    auto* from = static_cast<Home*>(home_);
    const std::lock_guard lock(from->mutex);
    if (from->idle.empty()) {
        team_ = new Team;
    } else {
        team_ = from->idle.back();
        from->idle.pop_back();
    }
}

TeamLease::~TeamLease() {
    constexpr std::size_t most_kept = std::size_t{64} << 20;
    if (team_->state_->bytes > most_kept) {
        team_->state_->memory.reset();
        team_->state_->bytes = 0;
    }
    auto* to = static_cast<Home*>(home_);
    const std::lock_guard lock(to->mutex);
    to->idle.push_back(team_);
}

void Patience::give_way() noexcept {
    sched_yield();
}

}  // namespace onelayer
