using System.Collections.Concurrent;

namespace Coordination.Conformance;

/// <summary>
/// Finds out when the thread pool has nothing left to do. It looks from a thread of its own, so that looking gives the pool no work: then what the pool
/// counts is exact. An item counts as pending until a thread takes it, and a thread counts as busy from the moment it is called for until it has found no
/// more to do, whether the machine runs it meanwhile or not. A loaded machine makes the answer late, never wrong.
/// </summary>
internal static class ProcessAtRest
{
    // Nothing that is tested computes for so long, on whatever machine.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly BlockingCollection<TaskCompletionSource> Asked = [];

    private static int _blocked;

    static ProcessAtRest() => new Thread(Watch) { IsBackground = true, Name = "process at rest" }.Start();

    /// <summary>Waits for the next moment at which no thread of the pool works, but those that block.</summary>
    public static Task WaitAsync()
    {
        var rest = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Asked.Add(rest);
        return rest.Task;
    }

    /// <summary>Blocks this thread of the pool, which does not count as busy meanwhile.</summary>
    public static void Block(ManualResetEventSlim until, TimeSpan limit)
    {
        Interlocked.Increment(ref _blocked);
        try
        {
            until.Wait(limit);
        }
        finally
        {
            Interlocked.Decrement(ref _blocked);
        }
    }

    private static void Watch()
    {
        foreach (var rest in Asked.GetConsumingEnumerable())
        {
            var start = TimeProvider.System.GetTimestamp();
            var inTime = true;
            for (var round = 1; !IsAtRest() && inTime; round++)
            {
                // Leaves the processor to those that are waited for.
                Thread.Sleep(round % 32 == 0 ? 1 : 0);
                inTime = TimeProvider.System.GetElapsedTime(start) < Limit;
            }

            if (inTime)
            {
                rest.SetResult();
            }
            else
            {
                rest.SetException(new TimeoutException(
                    $"After {Limit.TotalSeconds} s {BusyThreads()} threads of the pool are busy, and {ThreadPool.PendingWorkItemCount} items are pending: "
                    + "something computes or blocks. A test that blocks a thread on purpose does so by TestTime.Block."));
            }
        }
    }

    // An item that was taken between the two looks shows in what has been completed.
    private static bool IsAtRest()
    {
        var completed = ThreadPool.CompletedWorkItemCount;
        return NothingToDo() && NothingToDo() && ThreadPool.CompletedWorkItemCount == completed;
    }

    private static bool NothingToDo() => ThreadPool.PendingWorkItemCount == 0 && BusyThreads() <= Volatile.Read(ref _blocked);

    private static int BusyThreads()
    {
        ThreadPool.GetMaxThreads(out var all, out _);
        ThreadPool.GetAvailableThreads(out var idle, out _);
        return all - idle;
    }
}
