// Normal numbers, the same at each run.
#pragma once
#include <random>
#include <vector>

inline std::vector<float> random_numbers(long long size, unsigned seed, float deviation = 1) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0.0f, deviation);
  std::vector<float> numbers(static_cast<std::size_t>(size));
  for (float& number : numbers) number = normal(engine);
  return numbers;
}
