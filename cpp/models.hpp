// Many models at once, on the same rows in the same order. The lanes of a vector are models.
//
// As many models as a vector has lanes are a group. Threads take groups from a queue, and no thread waits for another.
// A thread trains as many groups side by side as its second-level cache has room for (200 KB each for ten classes of
// 324 features), so that rows are fetched and scaled once for all of them. Where there are fewer groups than threads, a
// team of threads shares a group, each with its own outputs. All of these ways compute the same numbers.
#pragma once

#include <span>
#include <vector>

#include "model_group.hpp"
#include "scheduling.hpp"
#include "thread_pool.hpp"

namespace onelayer::ONELAYER_ISA {

// One thread that trains, with its rows and scores.
template <class In, class T>
class ModelThread {
  public:
    using Groups = std::span<ModelGroup<T>* const>;

    ModelThread(Arena& arena, const ModelsJob<T>& job)
        : job_(job), rows_(arena, job), scores_(arena.take<T>(ModelGroup<T>::score_count(job))) {}

    void begin() { rows_.clear(); }

    // Trains groups through steps [first, last).
    void train(Groups groups, Index first, Index last, TeamMember<T>& team) {
        for (Index step = first; step < last; ++step) {
            take_step(groups, step, team);
        }
    }

  private:
    void take_step(Groups groups, Index step, TeamMember<T>& team) {
        const Index begin = step * job_.batch_size, count = std::min(job_.batch_size, job_.ordered - begin);
        const Index tiles = ceil_div(count, max_tile_rows);
        for (ModelGroup<T>* group : groups) {
            group->begin_step();
        }
        for (Index t = 0; t < tiles; ++t) {
            ModelTile<T> tile = rows_.read(begin + count * t / tiles, begin + count * (t + 1) / tiles);
            for (ModelGroup<T>* group : groups) {
                group->train_tile(tile, step, t == 0, t == tiles - 1, scores_, team);
                tile.prefetcher = nullptr;
            }
        }
        for (ModelGroup<T>* group : groups) {
            group->end_step(step, team);
        }
    }

    const ModelsJob<T>& job_;
    ModelRows<In, T> rows_;
    T* scores_;
};

// What the threads of a team share.
template <class T>
struct TeamMemory {
    T* scores[2];
    Barrier barrier;
};

// All that training needs, in one workspace.
template <class In, class T>
struct ModelSetup {
    ModelSetup(Arena& arena, const ModelsJob<T>& job, Index group_count, int thread_count, int team_threads)
        : team_memory(team_threads > 1 ? static_cast<std::size_t>(group_count) : 0) {
        for (Index group = 0; group < group_count; ++group) {
            groups.emplace_back(arena, job, group, team_threads);
        }
        for (TeamMemory<T>& memory : team_memory) {
            for (T*& scores : memory.scores) {
                scores = arena.take<T>(ModelGroup<T>::score_count(job));
            }
        }
        for (int thread = 0; thread < thread_count; ++thread) {
            threads.emplace_back(arena, job);
        }
    }

    std::vector<ModelGroup<T>> groups;
    std::vector<TeamMemory<T>> team_memory;  // of each group, where teams train; else empty
    std::vector<ModelThread<In, T>> threads;
};

template <class In, class T>
void train_from_queue(const ModelsJob<T>& job, ThreadPool& pool, ModelSetup<In, T>& setup) {
    constexpr Index max_segments = 16, weights_bytes = 640 << 10;  // of a second-level cache of 1 MB
    const int threads = static_cast<int>(setup.threads.size());
    const Index segments = std::min(job.steps, max_segments);
    GroupQueue queue(static_cast<Index>(setup.groups.size()), segments, threads,
                     weights_bytes / setup.groups.front().bytes());
    pool.run(threads, [&](int t) {
        setup.threads[t].begin();
        TeamMember<T> alone;
        for (auto item = queue.take(); item.count > 0; item = queue.take()) {
            ModelGroup<T>* groups[GroupQueue::max_groups_per_item];
            for (std::size_t i = 0; i < item.count; ++i) {
                groups[i] = &setup.groups[item.groups[i]];
                if (item.segment == 0) {
                    groups[i]->transfer(true);
                }
            }
            setup.threads[t].train({groups, item.count}, job.steps * item.segment / segments,
                                   job.steps * (item.segment + 1) / segments, alone);
            for (std::size_t i = 0; item.segment == segments - 1 && i < item.count; ++i) {
                groups[i]->transfer(false);
            }
            queue.finish(item);
        }
    });
}

template <class In, class T>
void train_in_teams(const ModelsJob<T>& job, ThreadPool& pool, ModelSetup<In, T>& setup, int team_threads) {
    for (ModelGroup<T>& group : setup.groups) {
        group.transfer(true);
    }
    pool.run(static_cast<int>(setup.threads.size()), [&](int t) {
        TeamMemory<T>& memory = setup.team_memory[t / team_threads];
        TeamMember<T> mine{t % team_threads, team_threads, &memory.barrier, {memory.scores[0], memory.scores[1]}};
        ModelGroup<T> group = setup.groups[t / team_threads];  // a copy with losses of its own; weights are shared
        ModelGroup<T>* groups[] = {&group};
        setup.threads[t].begin();
        setup.threads[t].train(groups, 0, job.steps, mine);
    });
    for (ModelGroup<T>& group : setup.groups) {
        group.transfer(false);
    }
}

// How many threads share a group: more than one where there are fewer groups than threads, and a step takes long beside
// the wait at a barrier.
template <class T>
int team_size(const ModelsJob<T>& job, Index groups) {
    constexpr Index min_work = 1 << 15;
    return job.batch_size * job.k * job.rows.d < min_work
               ? 1
               : static_cast<int>(std::clamp<Index>(job.threads / groups, 1, job.k));
}

template <class In, class T>
void train_models(const ModelsJob<T>& job, ThreadPool& pool) {
    const Index groups = ceil_div(job.m, lanes<T>);
    const int limit = std::min(job.threads, max_threads);
    const int team_threads = std::min(team_size(job, groups), limit);
    const int threads = static_cast<int>(std::min<Index>(groups * team_threads, limit));
    Arena measure(nullptr);
    ModelSetup<In, T>(measure, job, groups, threads, team_threads);
    Arena arena(pool.workspace(measure.used()));
    ModelSetup<In, T> setup(arena, job, groups, threads, team_threads);
    if (team_threads > 1) {
        train_in_teams(job, pool, setup, team_threads);
    } else {
        train_from_queue(job, pool, setup);
    }
}

}  // namespace onelayer::ONELAYER_ISA
