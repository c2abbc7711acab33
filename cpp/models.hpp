// Many models at once, on the same rows in the same order: vector lanes are models.
//
// Groups of as many models as a vector has lanes go through the order by themselves, and no thread waits for another.
// A thread trains as many groups side by side as its second-level cache has room for (200 KB each for ten classes of
// 324 features), so that rows are fetched and scaled once for all of them. Where there are more threads than groups,
// several share one, each with its own outputs. Every number is computed alike in all of these ways.
#pragma once

#include <span>
#include <vector>

#include "model_group.hpp"
#include "model_turns.hpp"

namespace onelayer::ONELAYER_ISA {

// One thread's part in training.
template <class In, class T>
class ModelThread {
  public:
    using Groups = std::span<ModelGroup<T>* const>;

    ModelThread(Arena& arena, const ModelsJob<T>& job)
        : job_(job), rows_(arena, job), scores_(arena.take<T>(ModelGroup<T>::score_count(job))) {}

    void begin() { rows_.clear(); }

    // Trains groups through steps [first, last).
    void train(Groups groups, Index first, Index last, Crew<T>& crew) {
        for (Index step = first; step < last; ++step) {
            take_step(groups, step, crew);
        }
    }

  private:
    void take_step(Groups groups, Index step, Crew<T>& crew) {
        const Index begin = step * job_.batch_size, count = std::min(job_.batch_size, job_.ordered - begin);
        const Index tiles = ceil_div(count, most_tile_rows);
        for (ModelGroup<T>* group : groups) {
            group->begin_step();
        }
        for (Index t = 0; t < tiles; ++t) {
            ModelTile<T> tile = rows_.read(begin + count * t / tiles, begin + count * (t + 1) / tiles);
            for (ModelGroup<T>* group : groups) {
                group->learn(tile, step, t == 0, t == tiles - 1, scores_, crew);
                tile.ahead = nullptr;
            }
        }
        for (ModelGroup<T>* group : groups) {
            group->end_step(step, crew);
        }
    }

    const ModelsJob<T>& job_;
    ModelRows<In, T> rows_;
    T* scores_;
};

// Where the threads of a crew meet.
template <class T>
struct CrewPlace {
    T* scores[2];
    Barrier barrier;
};

// All that training needs, laid out in a workspace.
template <class In, class T>
struct ModelSetup {
    ModelSetup(Arena& arena, const ModelsJob<T>& job, Index group_count, int thread_count, int crew)
        : places(crew > 1 ? static_cast<std::size_t>(group_count) : 0) {
        for (Index group = 0; group < group_count; ++group) {
            groups.emplace_back(arena, job, group, crew);
        }
        for (CrewPlace<T>& place : places) {
            for (T*& scores : place.scores) {
                scores = arena.take<T>(ModelGroup<T>::score_count(job));
            }
        }
        for (int thread = 0; thread < thread_count; ++thread) {
            threads.emplace_back(arena, job);
        }
    }

    std::vector<ModelGroup<T>> groups;
    std::vector<CrewPlace<T>> places;  // of each group, where crews train
    std::vector<ModelThread<In, T>> threads;
};

template <class In, class T>
void train_by_turns(const ModelsJob<T>& job, Team& team, ModelSetup<In, T>& setup) {
    constexpr Index most_stretches = 16, weights_bytes = 640 << 10;  // of the smaller second-level caches, 1 MB
    const int threads = static_cast<int>(setup.threads.size());
    const Index stretches = std::min(job.steps, most_stretches);
    ModelTurns turns(static_cast<Index>(setup.groups.size()), stretches, threads,
                     weights_bytes / setup.groups.front().bytes());
    team.run(threads, [&](int t) {
        setup.threads[t].begin();
        Crew<T> alone;
        for (auto turn = turns.next(); turn.count > 0; turn = turns.next()) {
            ModelGroup<T>* groups[ModelTurns::most_together];
            for (std::size_t i = 0; i < turn.count; ++i) {
                groups[i] = &setup.groups[turn.groups[i]];
                if (turn.stretch == 0) {
                    groups[i]->exchange(true);
                }
            }
            setup.threads[t].train({groups, turn.count}, job.steps * turn.stretch / stretches,
                                   job.steps * (turn.stretch + 1) / stretches, alone);
            for (std::size_t i = 0; turn.stretch == stretches - 1 && i < turn.count; ++i) {
                groups[i]->exchange(false);
            }
            turns.finish(turn);
        }
    });
}

template <class In, class T>
void train_in_crews(const ModelsJob<T>& job, Team& team, ModelSetup<In, T>& setup, int crew) {
    for (ModelGroup<T>& group : setup.groups) {
        group.exchange(true);
    }
    team.run(static_cast<int>(setup.threads.size()), [&](int t) {
        CrewPlace<T>& place = setup.places[t / crew];
        Crew<T> mine{t % crew, crew, &place.barrier, {place.scores[0], place.scores[1]}};
        ModelGroup<T> group = setup.groups[t / crew];  // weights are shared, losses computed by each
        ModelGroup<T>* groups[] = {&group};
        setup.threads[t].begin();
        setup.threads[t].train(groups, 0, job.steps, mine);
    });
    for (ModelGroup<T>& group : setup.groups) {
        group.exchange(false);
    }
}

// How many threads share a group: more than one where groups are too few for all threads, and steps long beside the
// wait at a barrier.
template <class T>
int crew_size(const ModelsJob<T>& job, Index groups) {
    constexpr Index least_work = 1 << 15;
    return job.batch_size * job.k * job.rows.d < least_work
               ? 1
               : static_cast<int>(std::clamp<Index>(job.threads / groups, 1, job.k));
}

template <class In, class T>
void train_models(const ModelsJob<T>& job, Team& team) {
    const Index groups = ceil_div(job.m, lanes<T>);
    const int most = std::min(job.threads, most_threads);
    const int crew = std::min(crew_size(job, groups), most);
    const int threads = static_cast<int>(std::min<Index>(groups * crew, most));
    Arena measure(nullptr);
    ModelSetup<In, T>(measure, job, groups, threads, crew);
    Arena arena(team.workspace(measure.used()));
    ModelSetup<In, T> setup(arena, job, groups, threads, crew);
    if (crew > 1) {
        train_in_crews(job, team, setup, crew);
    } else {
        train_by_turns(job, team, setup);
    }
}

}  // namespace onelayer::ONELAYER_ISA
