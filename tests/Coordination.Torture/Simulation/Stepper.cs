using Coordination.Conformance;

namespace Coordination.Torture.Simulation;

/// <summary>
/// Lets time pass when nothing is left to do now. It runs on the thread pool of one thread, like everything else in a simulation: no two things ever happen at
/// once, and the same seed gives the same history.
/// </summary>
internal sealed class Stepper(ManualClock clock) : IThreadPoolWorkItem
{
    private TaskCompletionSource _reached = new();
    private TimeSpan _until;

    public TimeSpan Now => TimeSpan.FromTicks(clock.GetTimestamp());

    /// <summary>Runs until a moment.</summary>
    public Task RunAsync(TimeSpan until)
    {
        _until = until;
        _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Queue();
        return _reached.Task;
    }

    public void Execute()
    {
        if (ThreadPool.PendingWorkItemCount > 0)
        {
            Queue();
            return;
        }

        var left = _until - Now;
        if (left <= TimeSpan.Zero)
        {
            _reached.SetResult();
            return;
        }

        clock.Advance(clock.NextDue is { } due && due < left ? due : left);
        Queue();
    }

    // Behind everything that waits already.
    private void Queue() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
}
