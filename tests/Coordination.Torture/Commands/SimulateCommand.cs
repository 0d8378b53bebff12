using System.Diagnostics;
using Coordination.Torture.Checking;
using Coordination.Torture.Recording;
using Coordination.Torture.Reporting;
using Coordination.Torture.Simulation;

namespace Coordination.Torture.Commands;

/// <summary>
/// Schedules on a clock of their own, in a process for each core. They are given out and added up in the order of their seeds, up to the first that breaks a promise: the report is
/// the same, however many processes there are.
/// </summary>
internal sealed class SimulateCommand
{
    // Long enough that giving out costs nothing, short enough that all cores are done at about the same time: some twentieth of a second.
    private const int BlockLength = 50;

    private readonly TortureSettings _settings;
    private readonly Simulation.Simulator _simulation;
    private readonly int _seed;
    private readonly CancellationToken _interrupted;
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly Dictionary<int, BlockResult> _early = [];
    private readonly Tally _tally = new();
    private IReadOnlyList<Violation> _violations = [];
    private History? _last;
    private int _given;
    private int _added;
    private int _violating;
    private bool _ends;

    private SimulateCommand(TortureSettings settings, Simulation.Simulator simulation, int seed, CancellationToken interrupted) =>
        (_settings, _simulation, _seed, _interrupted) = (settings, simulation, seed, interrupted);

    public static async Task<int> RunAsync(TortureSettings settings, int seed, CancellationToken cancellationToken)
    {
        using var simulation = Simulation.Simulator.Of(settings.Backend, settings.Bug);
        return await new SimulateCommand(settings, simulation, seed, cancellationToken).RunAsync();
    }

    private async Task<int> RunAsync()
    {
        var processes = Math.Min(Environment.ProcessorCount, BlocksIn(_settings.Schedules ?? int.MaxValue));
        try
        {
            await Task.WhenAll(Enumerable.Range(0, processes).Select(_ => Task.Run(WorkAsync)));
        }
        catch (InvalidOperationException) when (_violations.Count > 0)
        {
            // A process has ended in a block behind the one that broke a promise, which would not have been run after it.
        }

        _interrupted.ThrowIfCancellationRequested();
        var report = _tally.ToReport(
            new RunSettings(_settings.Bug is { } bug ? $"{_simulation.Title}, with {bug}" : _simulation.Title, null, _seed, _settings.Minutes, 3, 4, _simulation.Promises.Duration),
            Stopwatch.GetElapsedTime(_began),
            _violating,
            _violations);
        return await TortureCommand.FinishAsync(_settings, report, _last);
    }

    private async Task WorkAsync()
    {
        try
        {
            await using var process = BlockProcess.Start(_settings.Backend, _settings.Bug, keep: _settings.Out is not null);
            while (Next(out var number) is { } block)
            {
                Add(number, await process.RunAsync(block).WaitAsync(_interrupted));
            }
        }
        finally
        {
            End(); // for all: there is nothing left, or one has failed
        }
    }

    private Block? Next(out int number)
    {
        lock (_early)
        {
            number = _given;
            var before = (long)number * BlockLength;
            _ends |= _interrupted.IsCancellationRequested;
            _ends |= _settings.Schedules is { } schedules ? before >= schedules : Stopwatch.GetElapsedTime(_began) >= TimeSpan.FromMinutes(_settings.Minutes);
            if (_ends)
            {
                return null;
            }

            _given++;
            return new Block(unchecked((int)(_seed + before)) & int.MaxValue, (int)Math.Min(BlockLength, (_settings.Schedules ?? long.MaxValue) - before));
        }
    }

    private void End()
    {
        lock (_early)
        {
            _ends = true;
        }
    }

    private void Add(int number, BlockResult result)
    {
        lock (_early)
        {
            _early.Add(number, result);
            _ends |= result.Violations > 0;
            while (_violations.Count == 0 && _early.Remove(_added, out var next))
            {
                _added++;
                Add(next);
            }
        }
    }

    // What a schedule broke is found once more in what its process wrote down: that is what --out keeps, too.
    private void Add(BlockResult result)
    {
        _tally.Add(result.Tally);
        if (result.Events is not { } events)
        {
            return;
        }

        _last = new History(events);
        var violations = Checker.Check(_last, _simulation.Promises);
        if (violations.Count != result.Violations)
        {
            throw new InvalidOperationException($"The history of seed {result.Seed} has {result.Violations} violations, and {violations.Count} once it was written down.");
        }

        (_violations, _violating) = (violations, result.Seed);
    }

    private static int BlocksIn(int schedules) => (int)(((long)schedules + BlockLength - 1) / BlockLength);
}
