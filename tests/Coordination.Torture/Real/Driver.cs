using Coordination.Torture.Commands;
using Coordination.Torture.Recording;
using Coordination.Torture.Reporting;

namespace Coordination.Torture.Real;

internal static class Driver
{
    public static Task<(Report Report, History History)> RunAsync(TortureSettings settings, int seed, CancellationToken cancellationToken) =>
        throw new UsageException("not yet");
}
