using Coordination.Torture.Recording;

namespace Coordination.Torture.Real;

/// <summary>Draws faults from the seed, one and several at a time, and sees to it that all are over in the end.</summary>
internal sealed class FaultInjector(
    IReadOnlyList<TargetFault> faults, Random random, SharedClock clock, Func<IReadOnlyList<ClientProcess>> clients, ICoordinator observer, Action<Event> record)
{
    private readonly List<Task> _running = [];

    /// <summary>How long a fault takes is drawn up to this.</summary>
    public required TimeSpan Longest { get; init; }

    public async Task RunAsync(TimeSpan until, CancellationToken cancellationToken)
    {
        TargetFault[] drawn = [.. faults.SelectMany(static fault => Enumerable.Repeat(fault, fault.Weight))];
        while (clock.Now < until && !cancellationToken.IsCancellationRequested)
        {
            var several = random.Next(4) == 0 ? 3 : 1;
            for (; several > 0; several--)
            {
                var fault = drawn[random.Next(drawn.Length)];
                var takes = Longest * (0.1 + (0.9 * random.NextDouble()));
                _running.Add(InjectAsync(fault, takes, new Random(random.Next())));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(300, 2500)), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _running.RemoveAll(static task => task.IsCompletedSuccessfully);
        }

        // What is under way undoes itself first, also when it is told to end.
        await Task.WhenAll(_running);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task InjectAsync(TargetFault fault, TimeSpan takes, Random own)
    {
        try
        {
            await fault.InjectAsync(new FaultContext(takes, own, clients(), observer, (target, stops, voidsClient, voidsClaim) => new RecordedFault(() => clock.Now, (from, to, voidsFrom) =>
                record(new FaultInjected(from, to, fault.Kind, target, stops, voidsFrom is null ? voidsClient : "*", voidsClaim, fault.ShowsOld, voidsFrom)))));
        }
        catch (Exception exception) when (exception is CoordinationException or StackExchange.Redis.RedisException or Grpc.Core.RpcException or System.Net.Sockets.SocketException or IOException or InvalidOperationException or OperationCanceledException)
        {
            // It could not be done because of another that is under way. What must be undone is undone by those that did it.
        }
    }
}
