using Coordination;
using Coordination.Hosting;

namespace Web;

/// <summary>What the instances coordinate on.</summary>
internal sealed class Work
{
    public const string Reports = "reports";
    private int _steps;

    /// <summary>The resources that the page shows.</summary>
    public static IReadOnlyList<string> Names { get; } = [Scheduler.Election, Invoice(1), Invoice(2), Invoice(3), Reports];

    /// <summary>How many steps the scheduler has made in this instance.</summary>
    public int Steps => Volatile.Read(ref _steps);

    public static string Invoice(int number) => $"invoice/{number}";

    public void Step() => Interlocked.Increment(ref _steps);
}

/// <summary>The scheduled work, in one instance at a time: it visits an invoice now and then, under its lock.</summary>
internal sealed class Scheduler(ICoordinator coordinator, Work work) : ILeaderElectedService
{
    public const string Election = "scheduler";

    public async Task ExecuteAsync(ILeadership leadership, CancellationToken stoppingToken)
    {
        for (var number = 1; ; number = (number % 3) + 1)
        {
            await using (await coordinator.CreateLock(Work.Invoice(number)).AcquireAsync(stoppingToken))
            {
                work.Step();
                await Task.Delay(TimeSpan.FromMilliseconds(200), stoppingToken);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(300), stoppingToken);
        }
    }
}

/// <summary>What <c>/leader</c> shows.</summary>
internal sealed record LeaderView(bool IsThisInstance, string? Leader, long? Token, int Steps);
