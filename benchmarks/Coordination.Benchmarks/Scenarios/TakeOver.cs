using System.Collections.Concurrent;
using System.Diagnostics;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Participants;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>How long it took until the next led, and until others saw it.</summary>
/// <param name="Backend">On what.</param>
/// <param name="Implementation">Which.</param>
/// <param name="Cause">resign or crash.</param>
/// <param name="LeaseSeconds">How long a lease lives.</param>
/// <param name="Times">How often.</param>
/// <param name="MeanMilliseconds">From the resignation, or the kill, to the next leader's knowing that it leads.</param>
/// <param name="P50Milliseconds">The same.</param>
/// <param name="MaxMilliseconds">The same.</param>
/// <param name="SeenMeanMilliseconds">The same, to an observer's seeing the next leader.</param>
internal sealed record TakeOverResult(
    string Backend, string Implementation, string Cause, double LeaseSeconds, int Times, double MeanMilliseconds, double P50Milliseconds, double MaxMilliseconds, double SeenMeanMilliseconds);

/// <summary>A candidate in another process leads; this one campaigns, and observes over a connection of its own. The other then resigns, or is killed.</summary>
internal static class TakeOver
{
    private static readonly TimeSpan Queueing = TimeSpan.FromMilliseconds(50);

    public static async Task<IReadOnlyList<TakeOverResult>> RunAsync(
        Backend backend, IServers servers, double leaseSeconds, int resignations, int crashes, Action<double> progress)
    {
        var results = new List<TakeOverResult>();
        var kinds = ElectionCatalog.On(backend);
        foreach (var key in kinds)
        {
            var settings = new ClientSettings(backend.Key, servers.Connection, key) { LeaseSeconds = leaseSeconds };
            await using var next = await ElectionCatalog.ConnectAsync(settings);
            await using var observer = await ElectionCatalog.ConnectAsync(settings);
            results.Add(await RunAsync(backend, settings, next, observer, resignations, isCrash: false));
            if (crashes > 0)
            {
                results.Add(await RunAsync(backend, settings, next, observer, crashes, isCrash: true));
            }

            progress((double)(kinds.IndexOf(key) + 1) / kinds.Count);
        }

        return results;
    }

    private static async Task<TakeOverResult> RunAsync(
        Backend backend, ClientSettings settings, IElectionClient next, IElectionClient observer, int times, bool isCrash)
    {
        var election = $"benchmark/election/{settings.Implementation}/{(isCrash ? "crash" : "resign")}";
        var (led, seen) = (new Latencies(), new Latencies());
        await using var sight = new Sight(observer, election);
        Participant? candidate = null;
        try
        {
            // The first resignation warms up; a crash takes a lease, and no compiler shows in it.
            for (var i = isCrash ? 1 : 0; i <= times; i++)
            {
                candidate ??= await Participant.StartAsync(Candidate.Role, new Candidate.Order(settings, election));
                await candidate.TellAsync("campaign");
                await candidate.HearAsync("leading");
                var value = $"next {i}";
                var seeing = sight.Of(value);
                using var limit = new CancellationTokenSource(settings.LeaseOr(0) * 10);
                var campaigning = next.CampaignAsync(election, value, limit.Token).AsTask();
                await Task.Delay(isCrash ? settings.LeaseOr(0) / 3 * (1 + Random.Shared.NextDouble()) : Queueing, CancellationToken.None);
                if (campaigning.IsCompletedSuccessfully)
                {
                    throw new OverlapException($"{next.Name} let two lead at once.");
                }

                var ended = await EndAsync(candidate, isCrash);
                await using var leadership = await campaigning;
                var leads = Stopwatch.GetTimestamp();
                var saw = await seeing.WaitAsync(limit.Token);
                if (isCrash)
                {
                    await candidate.DisposeAsync();
                    candidate = null;
                }

                if (i > 0)
                {
                    led.Record(leads - ended);
                    seen.Record(saw - ended);
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw new UsageException($"{next.Name} on {backend.Key}: nobody led, or nobody saw it, within ten leases.");
        }
        finally
        {
            await (candidate?.DisposeAsync() ?? default);
        }

        return new TakeOverResult(
            backend.Name, next.Name, isCrash ? "crash" : "resign", settings.LeaseOr(0).TotalSeconds, (int)led.Count, led.MeanMicroseconds / 1000, led.PercentileMicroseconds(50) / 1000, led.MaxMicroseconds / 1000, seen.MeanMicroseconds / 1000);
    }

    private static async Task<long> EndAsync(Participant candidate, bool isCrash)
    {
        if (isCrash)
        {
            return candidate.Kill();
        }

        await candidate.TellAsync("resign");
        return (await candidate.HearAsync("resigned"))[0];
    }

    /// <summary>Notes when each value was seen first.</summary>
    private sealed class Sight : IAsyncDisposable
    {
        private readonly ConcurrentDictionary<string, TaskCompletionSource<long>> _seen = new(StringComparer.Ordinal);
        private readonly CancellationTokenSource _end = new();
        private readonly Task _watching;

        public Sight(IElectionClient observer, string election) => _watching = WatchAsync(observer, election);

        public Task<long> Of(string value) => Source(value).Task;

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _watching;
            _end.Dispose();
        }

        private TaskCompletionSource<long> Source(string value) =>
            _seen.GetOrAdd(value, static _ => new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously));

        private async Task WatchAsync(IElectionClient observer, string election)
        {
            try
            {
                await foreach (var value in observer.ObserveAsync(election, _end.Token))
                {
                    Source(value ?? "").TrySetResult(Stopwatch.GetTimestamp());
                }
            }
            catch (Exception) when (_end.IsCancellationRequested)
            {
                // The end.
            }
        }
    }
}
