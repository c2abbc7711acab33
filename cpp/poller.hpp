// Lets Python have its say while a job runs.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <exception>

#include "jobs.hpp"

namespace onelayer {

// Asks Python now and then whether to go on: lets it handle signals, and calls `stopping` if there is one.
class Poller {
  public:
    explicit Poller(nanobind::handle stopping) : stopping_(stopping) {}

    Poll poll() {
        return {[](void* self) { return static_cast<Poller*>(self)->ask(); }, this};
    }

    // Raises what a signal handler or `stopping` raised while the job ran.
    void rethrow() const {
        if (failure_) {
            std::rethrow_exception(failure_);
        }
    }

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds interval{50};

    bool ask() {
        const auto now = Clock::now();
        if (now < next_) {
            return false;
        }
        const nanobind::gil_scoped_acquire gil;
        try {
            if (PyErr_CheckSignals() != 0) {
                throw nanobind::python_error();
            }
            const bool stop = !stopping_.is_none() && nanobind::cast<bool>(stopping_());
            next_ = Clock::now() + interval;
            return stop;
        } catch (...) {
            failure_ = std::current_exception();
            return true;
        }
    }

    nanobind::handle stopping_;
    Clock::time_point next_ = Clock::now() + interval;
    std::exception_ptr failure_;
};

}  // namespace onelayer
