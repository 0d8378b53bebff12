namespace Coordination.Leases;

internal static class TaskExtensions
{
    /// <summary>A task that callers may stop waiting for: its error is then nobody's, and not reported as unobserved.</summary>
    public static Task<T> Observed<T>(this Task<T> task)
    {
        Observed((Task)task);
        return task;
    }

    /// <inheritdoc cref="Observed{T}"/>
    public static Task Observed(this Task task)
    {
        if (!task.IsCompletedSuccessfully)
        {
            task.ContinueWith(
                static task => _ = task.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }

        return task;
    }
}
