print("l")
