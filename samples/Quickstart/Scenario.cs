using Coordination;

namespace Quickstart;

/// <summary>What happens, in order: the workers start; the leader is killed; another takes over, and resigns; all stop; the referee judges.</summary>
internal sealed class Scenario(Crew crew, Board board, ICoordinator coordinator)
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan WatchTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LeaderTime = Setting.LeaseDuration + Setting.Slack;
    private volatile Leader? _leader;

    /// <summary>Runs it all.</summary>
    /// <returns>Whether all guarantees held and no worker failed.</returns>
    public static async Task<bool> RunAsync(Arguments arguments, CancellationToken stop)
    {
        var names = Enumerable.Range(1, arguments.Workers).Select(static number => $"w{number}").ToList();
        await using var venue = Venue.Open(arguments);
        await using var coordinator = venue.Connect("observer");
        if (arguments.Server is not null)
        {
            // If it is not there, that is told before anything starts.
            await coordinator.InspectAsync(Setting.Lock, stop);
        }

        var board = new Board(names, venue);
        await using var crew = new Crew(venue, board);
        var scenario = new Scenario(crew, board, coordinator);

        using var end = new CancellationTokenSource();
        IDisplay display = arguments.Plain || !Dashboard.IsPossible ? new PlainLines(board) : new Dashboard(board);
        var watching = Task.WhenAll(display.RunAsync(end.Token), scenario.InspectAsync(end.Token), scenario.ObserveAsync(end.Token));
        var failures = new List<string>();
        try
        {
            foreach (var name in names)
            {
                crew.Start(name, sabotage: arguments.Sabotage && name == names[0]);
            }

            using var stopOrFailed = CancellationTokenSource.CreateLinkedTokenSource(stop, crew.Failed);
            await scenario.PlayAsync(stopOrFailed.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // A worker failed; the crew says which, below.
        }
        catch (TimeoutException exception)
        {
            failures.Add(exception.Message);
        }
        finally
        {
            await crew.StopAsync();
            await end.CancelAsync();
            await watching;
        }

        failures.AddRange(crew.Failures);
        var verdict = new Referee(crew.Record).Judge(completed: failures.Count == 0);
        foreach (var line in verdict.Lines(board.Elapsed, failures))
        {
            Console.WriteLine(line);
        }

        return verdict.Broken.Count + failures.Count == 0;
    }

    private async Task PlayAsync(CancellationToken stop)
    {
        await UntilAsync(board.EverybodyHadTheLock, "Not all workers had the lock", StartTime, stop);
        var first = await LeaderAsync(after: null, stop);
        await Task.Delay(WatchTime, stop);

        first = await LeaderAsync(after: null, stop);
        board.Say($"{first.Value}, the leader, is {board.Venue.HowLeadersEnd}; its lease of {Setting.LeaseDuration.TotalSeconds} s has to end first");
        crew.Kill(first.Value);
        await LeaderAsync(after: first, stop);
        await Task.Delay(WatchTime, stop);

        var second = await LeaderAsync(after: first, stop);
        board.Say($"{second.Value}, the leader, resigns: the next one need not wait");
        crew.Resign(second.Value);
        await LeaderAsync(after: second, stop);
        await Task.Delay(WatchTime, stop);

        board.Say("all stop");
    }

    /// <summary>The leader whom the election shows, once it knows of its luck itself.</summary>
    private async Task<Leader> LeaderAsync(Leader? after, CancellationToken stop)
    {
        Leader? leader = null;
        await UntilAsync(
            () => (leader = _leader) is not null && leader != after && board.Leads(leader.Value, leader.FencingToken), "Nobody took the lead", LeaderTime, stop);
        return leader!;
    }

    private static async Task UntilAsync(Func<bool> condition, string otherwise, TimeSpan patience, CancellationToken stop)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > patience)
            {
                throw new TimeoutException($"{otherwise} within {patience.TotalSeconds} s.");
            }

            await Task.Delay(20, stop);
        }
    }

    /// <summary>Who leads.</summary>
    private async Task ObserveAsync(CancellationToken stop)
    {
        try
        {
            await foreach (var leader in coordinator.CreateLeaderElection(Setting.Election).ObserveAsync(stop))
            {
                _leader = leader;
                board.Say(leader is null ? "nobody leads" : $"{leader.Value} leads, token {leader.FencingToken}");
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Who holds and who waits.</summary>
    private async Task InspectAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                foreach (var resource in Setting.Resources)
                {
                    board.Show(await coordinator.InspectAsync(resource, stop));
                }

                await Task.Delay(200, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
            }
            catch (CoordinationException exception) when (exception.IsTransient)
            {
                board.Say($"the observer has trouble: {exception.Message}");
            }
        }
    }
}
