// What placing a request is worth, in GPUs, given what else will be asked: shadow prices.
//
// A whole cluster is seen at once, as flows: each kind of request arrives evenly over time, and is
// accepted up to some time, since without departures a kind that no longer fits never fits again. A
// kind that asks for no more than another in every respect is accepted for at least as long
// (whatever room the other finds, it fits into). The linear program maximises the GPUs in use:
//
//   greatest  sum of gpus(s) N(s) t(s)                t(s) in [0,1], N(s) the expected requests
//   so that   packed(s) = N(s) t(s)                   shares in patterns of one GPU, whole GPUs
//   each
//             GPUs and CPU of each kind of node hold what is packed there
//             t(a) >= t(b)  where a asks for no more than b
//
// with the patterns made as they are needed (column generation; a knapsack each). The dual of
// packed(s) is what a request of kind s is worth: less than its GPUs where it leaves a hole that
// nothing fills, more where it fills such a hole. The optimum bounds what any policy can reach that
// places every request that fits. Memory is not looked at; CPU is pooled over equal nodes; counts
// are expectations, so a single order of arrival may pass the bound by a little.
//
// Where there are more than 400 kinds of request, the program sees the most frequent; where there
// are more than 100 kinds of node, their CPU is pooled by GPU model and number.
#pragma once

#include <span>
#include <vector>

#include "plan/place/node_state.h"

namespace tangram::plan {

// A kind of request. Its memory is 0, and the models of one without GPUs are kAnyModel.
struct PricedShape {
  Shape shape;
  double expected = 0;  // requests, until as many GPUs were asked for as there are
  double worth = 0;     // GPUs a request, not negative
};

// What each kind of request that some node can host is worth once 130 % of the GPUs are asked for.
// `nodes` as they are when empty. Requests without GPUs count as always accepted. No prices where
// no request for GPUs can be hosted; each is worth its GPUs where the solver finds no optimum.
// Deterministic. A tenth of a second for a hundred kinds, some seconds for 400.
std::vector<PricedShape> PriceRequests(std::span<const NodeState> nodes,
                                       std::span<const Shape> requests);

// The most of the nodes' GPUs, 0 to 1, that can be expected in use once all of `requests` arrived
// in random order. 0 where there are no GPUs; 1 where the solver finds no optimum.
double AllocationBound(std::span<const NodeState> nodes, std::span<const Shape> requests);

}  // namespace tangram::plan
