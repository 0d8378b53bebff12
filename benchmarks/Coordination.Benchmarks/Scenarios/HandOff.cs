using System.Diagnostics;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Participants;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>How long it took from one process's release call until another process held.</summary>
/// <param name="Implementation">Which.</param>
/// <param name="HandOffs">How many.</param>
/// <param name="MeanMicroseconds">The mean.</param>
/// <param name="P50Microseconds">The median.</param>
/// <param name="P99Microseconds">99th percentile.</param>
/// <param name="MaxMicroseconds">The longest.</param>
/// <param name="TimesRoundTrip">The mean, in round trips of the same run.</param>
internal sealed record HandOffResult(
    string Implementation, long HandOffs, double MeanMicroseconds, double P50Microseconds, double P99Microseconds, double MaxMicroseconds, double TimesRoundTrip);

/// <summary>All hand-offs of a run.</summary>
/// <param name="Backend">On what.</param>
/// <param name="RoundTrip">What one round trip is: PING.</param>
/// <param name="RoundTripP50Microseconds">How long it takes.</param>
/// <param name="Results">By implementation.</param>
internal sealed record HandOffRun(string Backend, string RoundTrip, double RoundTripP50Microseconds, IReadOnlyList<HandOffResult> Results);

/// <summary>
/// Hands a lock from this process to another, over and over, with each implementation in turn; with round trips in between, as the measure of the
/// same run.
/// </summary>
internal static class HandOff
{
    /// <summary>How long the other waits before the release: as long as a short piece of work.</summary>
    private static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(20);

    /// <summary>A poller's hand-off takes a hundred times longer, and fewer of them give as good a mean.</summary>
    private const int PerRound = 6;

    private const int WarmUpRounds = 2;

    public static async Task<HandOffRun> RunAsync(
        Backend backend, IServers servers, IReadOnlyList<Implementation> implementations, int rounds, Action<double> progress)
    {
        await using var roundTrip = await RoundTrip.ConnectAsync(backend.Store, servers.Connection)
            ?? throw new CommandLine.UsageException($"There is no hand-off between processes on {backend.Key}.");
        List<ClientSettings> settings = [.. implementations.Select(implementation => new ClientSettings(backend.Key, servers.Connection, implementation.Key))];
        await using var taker = await Participant.StartAsync(Taker.Role, settings);
        var givers = new List<(Implementation Implementation, ILockClient Client, Latencies Latencies)>();
        var roundTrips = new Latencies();
        try
        {
            foreach (var (implementation, its) in implementations.Zip(settings))
            {
                givers.Add((implementation, await Implementation.ConnectAsync(its), new Latencies()));
            }

            for (var round = -WarmUpRounds; round < rounds; round++)
            {
                var counts = round >= 0;
                foreach (var (implementation, client, latencies) in givers)
                {
                    for (var i = 0; i < (implementation.Polls ? 1 : PerRound); i++)
                    {
                        var took = await HandOverAsync(client, implementation.Key, taker);
                        if (counts)
                        {
                            latencies.Record(took);
                        }

                        await AskAsync(roundTrip, counts ? roundTrips : null);
                    }
                }

                progress((double)(round + WarmUpRounds + 1) / (rounds + WarmUpRounds));
            }
        }
        finally
        {
            foreach (var giver in givers)
            {
                await giver.Client.DisposeAsync();
            }
        }

        var one = roundTrips.PercentileMicroseconds(50);
        return new HandOffRun(backend.Name, roundTrip.Name, one, [.. givers.Select(giver => new HandOffResult(
            giver.Implementation.Name,
            giver.Latencies.Count,
            giver.Latencies.MeanMicroseconds,
            giver.Latencies.PercentileMicroseconds(50),
            giver.Latencies.PercentileMicroseconds(99),
            giver.Latencies.MaxMicroseconds,
            giver.Latencies.MeanMicroseconds / one))]);
    }

    private static async Task<long> HandOverAsync(ILockClient client, string key, Participant taker)
    {
        var held = await client.AcquireAsync(Taker.Resource, ClaimMode.Exclusive, CancellationToken.None);
        await taker.TellAsync($"take {key}");
        await taker.HearAsync("waiting");
        await Task.Delay(Hold);
        var released = Stopwatch.GetTimestamp();
        await held.DisposeAsync();
        var entered = (await taker.HearAsync("entered"))[0];
        await taker.HearAsync("released");
        return entered > released ? entered - released : throw new OverlapException($"{key} let two processes hold at once.");
    }

    private static async Task AskAsync(RoundTrip roundTrip, Latencies? latencies)
    {
        for (var i = 0; i < 10; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await roundTrip.RunAsync();
            latencies?.Record(Stopwatch.GetTimestamp() - start);
        }
    }
}
