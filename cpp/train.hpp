// Mini-batch SGD from one validation to the next, in one call.
//
// The features are cut into parts, each with its weights. In a round of a tile of rows every part takes its gradient
// step with the residuals of the tile before, and then adds its share to the scores of the tile that follows: so a step
// is one round, and only a few hundred scores pass from thread to thread. The parts depend on the job alone, and so do
// the results, whatever the number of threads.
#pragma once

#include <vector>

#include "team.hpp"
#include "train_part.hpp"

namespace onelayer::ONELAYER_ISA {

// Where a thread is in the course of a training. All threads go through the same tiles, each by itself. No two of them
// share a line of the cache, which they'd take from each other by writing to it.
template <class T>
class alignas(128) Course {
  public:
    Course(Arena& arena, const TrainJob<T>& job, Index tile_rows) : tiles_(job, tile_rows), residuals_(arena, job) {
        coming = tiles_.next();
        after = tiles_.next();
    }

    BatchTile present, coming, after;  // tiles: whose step is taken, whose scores are added up, and what follows
    Index round = -1, steps_taken = 0;
    bool is_stopping = false;  // the step of the round before was the last

    // To the next round, if there is one. Training ends with the step that is taken in round `stop` or after it.
    bool advance(const Index& stop) {
        if (is_stopping || (round >= 0 && coming.count == 0)) {
            return false;
        }
        is_stopping = present.closes && __atomic_load_n(&stop, __ATOMIC_RELAXED) <= round;
        if (round >= 0 && !is_stopping) {
            present = coming;
            coming = after;
            after = tiles_.next();
            steps_taken += present.closes ? 1 : 0;
        }
        ++round;
        return true;
    }

    // What doesn't wait for the scores of the coming tile.
    void prepare() {
        if (coming.count > 0) {
            residuals_.prepare(coming);
            prepared_ = round + 1;
        }
    }

    // Of the present tile. They are computed for the thread's first part in a round.
    const TileResiduals<T>& residuals(const std::vector<Share<T>>& shares) {
        if (computed_ != round) {
            if (prepared_ != round) {
                residuals_.prepare(present);
                prepared_ = round;
            }
            residuals_.compute(present, shares);
            computed_ = round;
        }
        return residuals_;
    }

  private:
    BatchTiles<T> tiles_;
    TileResiduals<T> residuals_;
    Index prepared_ = 0, computed_ = 0;
};

// The parts of a training, and where each thread is.
template <class In, class T>
class Training {
  public:
    Training(Arena& arena, const TrainJob<T>& job, int parts, int threads, Index tile_rows) : job_(job) {
        const bool split = job.batch_size > tile_rows;
        parts_.reserve(static_cast<std::size_t>(parts));
        for (int part = 0; part < parts; ++part) {
            parts_.emplace_back(arena, job, slice_of<T>(job.rows.d, part, parts), split, part == 0);
            for (int turn = 0; turn < 2; ++turn) {
                shares_[turn].push_back(parts_.back().share(turn));
            }
        }
        for (int thread = 0; thread < threads; ++thread) {
            courses_.emplace_back(arena, job, tile_rows);
        }
    }

    Index steps_taken() const { return courses_.front().steps_taken; }

    bool advance(int thread) { return course(thread).advance(stop_); }

    void prepare(int thread) { course(thread).prepare(); }

    // A thread's work on one part in this round.
    void work_on(int number, int thread) {
        Course<T>& at = course(thread);
        TrainPart<In, T>& part = parts_[static_cast<std::size_t>(number)];
        if (thread == 0) {
            poll(at.round);
        }
        if (at.is_stopping) {
            if (!at.present.ends_epoch) {
                part.end_epoch();
            }
            return;
        }
        if (at.round == 0) {
            part.clear();
        } else {
            part.descend(at.present, at.residuals(shares_[(at.round - 1) % 2]));
        }
        if (at.present.ends_epoch) {
            part.end_epoch();
        }
        if (at.coming.count > 0) {
            if (at.round == 0 || at.present.ends_epoch) {
                part.begin_epoch();
            }
            part.score(at.coming, at.after, at.round % 2);
        }
    }

  private:
    // By the thread that began the job. The others see what it finds at the end of the round, which waits for it.
    void poll(Index round) {
        if (stop_ == never && job_.poll.ask != nullptr && job_.poll.ask(job_.poll.context)) {
            __atomic_store_n(&stop_, round, __ATOMIC_RELAXED);
        }
    }

    Course<T>& course(int thread) { return courses_[static_cast<std::size_t>(thread)]; }

    static constexpr Index never = std::numeric_limits<Index>::max();

    const TrainJob<T>& job_;
    std::vector<TrainPart<In, T>> parts_;
    std::vector<Share<T>> shares_[2];
    std::vector<Course<T>> courses_;
    Index stop_ = never;
};

// Into how many parts the features are cut. A part must give enough to do in a round, or its thread only gets in the
// way; and its weights should stay in the caches. An even number keeps two threads equally busy.
template <class T>
int parts_of(const TrainJob<T>& job) {
    constexpr Index least_work = 60'000;  // multiply-adds
    constexpr Index most_vectors = 96;
    const Index work = 2 * std::min(job.batch_size, job.rows_per_epoch) * job.k * job.rows.d;
    const Index vectors = ceil_div(job.rows.d, lanes<T>);
    const Index wanted = 2 * std::max<Index>(1, ceil_div(vectors, 2 * most_vectors));
    const Index useful = std::min<Index>({wanted, work / least_work, vectors / 2, Rounds::most_parts});
    return static_cast<int>(std::max<Index>(1, useful));
}

// Returns the number of steps taken, all but when told to stop.
template <class In, class T>
Index train(const TrainJob<T>& job, Team& team) {
    const int parts = parts_of(job), threads = std::min(job.threads, parts);
    const Index tile_rows = tile_rows_for<In>(ceil_div(job.rows.d, std::min(parts, 2)));
    Arena measure(nullptr);
    Training<In, T>(measure, job, parts, threads, tile_rows);
    Arena arena(team.workspace(measure.used()));
    Training<In, T> training(arena, job, parts, threads, tile_rows);
    Rounds rounds(parts);
    team.run(threads, [&](int thread) {
        const auto next = [&] { return training.advance(thread); };
        const auto task = [&](int part) { training.work_on(part, thread); };
        rounds.work(thread, threads, next, task, [&] { training.prepare(thread); });
    });
    return training.steps_taken();
}

}  // namespace onelayer::ONELAYER_ISA
