using System.Threading.Channels;
using Coordination.Torture.Real;

namespace Coordination.Torture.Simulation;

/// <summary>A process that runs blocks of schedules. Its pool has one thread: only so does a seed give the same history each time.</summary>
internal sealed class BlockProcess : ChildProcess
{
    private readonly Channel<string> _answers;

    private BlockProcess(IEnumerable<string> arguments, Channel<string> answers)
        : base(
            arguments,
            line => answers.Writer.TryWrite(line),
            ("DOTNET_ThreadPool_ForceMaxWorkerThreads", "1"),
            ("DOTNET_ThreadPool_ForceMinWorkerThreads", "1"),
            ("DOTNET_PROCESSOR_COUNT", "1"),
            ("DOTNET_TieredCompilation", "0"))
    {
        _answers = answers;
        _ = Ended.ContinueWith(_ => answers.Writer.Complete(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>Starts one.</summary>
    /// <param name="backend">What is simulated, as on the command line.</param>
    /// <param name="bug">What is wrong with its schedules; <see langword="null"/> for nothing.</param>
    /// <param name="keep">Whether each block's last history is wanted.</param>
    public static BlockProcess Start(string backend, string? bug, bool keep) => new(
        ["schedules", "--backend", backend, .. bug is null ? Array.Empty<string>() : ["--bug", bug], .. keep ? ["--keep"] : Array.Empty<string>()],
        Channel.CreateUnbounded<string>());

    /// <summary>Runs a block.</summary>
    /// <exception cref="InvalidOperationException">A schedule could not be run to its end: the program's own fault, or a bug that nothing should survive.</exception>
    public async Task<BlockResult> RunAsync(Block block)
    {
        await TellAsync(block.ToString());
        return await _answers.Reader.WaitToReadAsync() && _answers.Reader.TryRead(out var line)
            ? BlockResult.Read(line)
            : throw new InvalidOperationException($"A process ended in the schedules from {block.First} on. {Errors}");
    }
}
