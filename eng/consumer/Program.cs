// Compiled by .ci/run against the packed packages, outside the repository: what a user's first lines need is in them.
using Coordination;

ICoordinator? coordinator = null;
Console.WriteLine($"{nameof(coordinator)}: {coordinator?.ToString() ?? "none"}, token {new FencingToken(42)}");
